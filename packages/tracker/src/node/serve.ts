// A tracker on a real carrier: the Tracker machine, a store, and a clock.

import { type Address, type Clock, Driver, type LinkPort, type PeerId, type Rng, UsageError } from '@shoal/machine';
import { entropyRng, nodeClock } from '@shoal/machine/node';
import { MemoryStore } from '../memory/memory-store.ts';
import { performStoreCall, type StoreAnswer, type StoreStats, type StoreTerms, type TrackerStore } from '../store.ts';
import {
  type TrackerConfig,
  trackerDefaults,
  type TrackerEvent,
  type TrackerOutput,
  type TrackerStats,
} from '../tracker-config.ts';
import { Tracker } from '../tracker.ts';

export interface OpenTrackerOptions {
  /** Taken over: the tracker is its one user, and closes it. */
  readonly links: LinkPort;
  /** A peer that was not heard of for so long is forgotten. Default 90,000. */
  readonly ttlMs?: number;
  /** Opened with the same time to live. Default: a table in memory, with `terms`. */
  readonly store?: TrackerStore;
  /** How drafts become agreed upon, when no `store` is given. */
  readonly terms?: Partial<Omit<StoreTerms, 'ttlMs'>>;
  /** Who may use the tracker, and how much. */
  readonly config?: Partial<Omit<TrackerConfig, 'ttlMs'>>;
  /** Told of everything that happens; must not throw. */
  readonly onEvent?: (event: ServedTrackerEvent) => void;
  readonly rng?: Rng;
  readonly clock?: Clock;
}

export type ServedTrackerEvent =
  | TrackerEvent
  /** The store could not carry out a request; who asked is told to ask again. */
  | { readonly type: 'storeFailed'; readonly cause: unknown };

export interface RunningTracker extends AsyncDisposable {
  /** Where peers reach it. */
  readonly address: Address;
  /** Its identity. */
  readonly peer: PeerId;
  stats(): Promise<TrackerStats & StoreStats>;
  /** Takes leave of everybody and releases the port. */
  close(): Promise<void>;
}

const ttlMsMin = 3_000; // peers announce three times in it, and never more than once a second
const ttlMsMax = 24 * 3_600_000;

/** Serves until closed. Throws UsageError for a time to live that peers cannot keep. */
export function openTracker(options: OpenTrackerOptions): RunningTracker {
  const { links, onEvent, ttlMs = trackerDefaults.ttlMs, rng = entropyRng(), clock = nodeClock } = options;
  if (!(ttlMs >= ttlMsMin && ttlMs <= ttlMsMax))
    throw new UsageError('ttlMs', `must be from ${ttlMsMin} to ${ttlMsMax}, not ${ttlMs}`);
  const store = options.store ?? new MemoryStore({ ...options.terms, rng, ttlMs });

  const answered = (number: number, answer: StoreAnswer): void =>
    driver.tell((tracker, now) => tracker.handleStoreAnswer(number, answer, now));
  const failed = (number: number, cause: unknown): void => {
    onEvent?.({ type: 'storeFailed', cause });
    driver.tell((tracker, now) => tracker.handleStoreFailed(number, now));
  };
  const perform = (output: TrackerOutput): void => {
    if (output.type === 'linkOrder') return links.perform(output.order);
    if (output.type === 'event') return onEvent?.(output.event);
    const answer = performStoreCall(store, output.call);
    if (!(answer instanceof Promise)) return answered(output.number, answer);
    void answer.then(
      (late) => answered(output.number, late),
      (cause: unknown) => failed(output.number, cause),
    );
  };
  const driver = new Driver<TrackerOutput, Tracker>(new Tracker({ ...options.config, ttlMs }), clock, perform);
  links.listen((fact) => driver.tell((tracker, now) => tracker.handleFact(fact, now)));
  driver.tell((tracker, now) => tracker.handleTimeout(now)); // the store may hold peers whose time is over

  const close = async (): Promise<void> => {
    driver.stop();
    await links.close();
  };
  return {
    address: links.address,
    peer: links.peer,
    stats: async () => ({ ...driver.machine.stats, ...(await store.stats()) }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
