// A tracker and its table in memory as one machine, for whoever needs no other store: simulators, tests, a browser.

import type { Instant, LinkFact, LinkOrder, Machine, Rng } from '@shoal/machine';
import { MemoryStore, type MemoryStoreLimits } from './memory/memory-store.ts';
import { performStoreCall, type StoreAnswer, type StoreStats, type StoreTerms } from './store.ts';
import { type TrackerConfig, trackerDefaults, type TrackerEvent, type TrackerStats } from './tracker-config.ts';
import { Tracker } from './tracker.ts';

export type MemoryTrackerOutput =
  | { readonly type: 'linkOrder'; readonly order: LinkOrder }
  | { readonly type: 'event'; readonly event: TrackerEvent };

export interface MemoryTrackerOptions {
  readonly rng: Rng;
  readonly config?: Partial<TrackerConfig>;
  /** Of the store; its time to live is that of `config`. */
  readonly terms?: Partial<Omit<StoreTerms, 'ttlMs'>>;
  readonly limits?: Partial<MemoryStoreLimits>;
}

export class MemoryTracker implements Machine<MemoryTrackerOutput> {
  readonly #tracker: Tracker;
  readonly #store: MemoryStore;
  #now: Instant | undefined; // of the call whose outputs are polled

  constructor({ rng, config, terms, limits = {} }: MemoryTrackerOptions) {
    this.#tracker = new Tracker(config);
    this.#store = new MemoryStore({ ...terms, rng, ttlMs: config?.ttlMs ?? trackerDefaults.ttlMs, limits });
  }

  get stats(): TrackerStats & StoreStats {
    return { ...this.#tracker.stats, ...this.#store.stats() };
  }

  handleFact(fact: LinkFact, now: Instant): void {
    this.#now = now;
    this.#tracker.handleFact(fact, now);
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    this.#tracker.handleTimeout(now);
  }

  nextTimeout(): Instant {
    return this.#tracker.nextTimeout();
  }

  poll(): MemoryTrackerOutput | undefined {
    for (let output = this.#tracker.poll(); output !== undefined; output = this.#tracker.poll()) {
      if (output.type !== 'storeOrder') return output;
      const answer = performStoreCall(this.#store, output.call) as StoreAnswer; // memory answers at once
      this.#tracker.handleStoreAnswer(output.number, answer, this.#now!);
    }
    return undefined;
  }
}
