// Where a tracker keeps who holds which chunk: the promises that every body of it keeps (memory, disk, a shared
// database). The conformance suite in `/testing` checks them. The tracker never calls a store itself: it orders a call,
// whoever runs the tracker performs it and hands the answer back, so that a store may take its time.

import type { Address, Instant, PeerId } from '@shoal/machine';
import type {
  ChunkSet,
  FileListing,
  FileLocations,
  FileOffer,
  Holder,
  PeerContact,
  Refusal,
  SwarmId,
} from '@shoal/wire';

export type Awaitable<Value> = Value | Promise<Value>;

/** What `locate` found. `bits` go with `holders` as FileLocationsReply says. */
export interface Located {
  readonly file: FileListing;
  readonly total: number;
  readonly holders: readonly Holder[];
  readonly bits: Uint8Array;
  readonly rarest: readonly number[];
}

/**
 * Promises of every body:
 *
 * - Each call is one transaction: no other call sees half of it, and calls whose answers were given are seen by all
 *   later calls of every process that shares the store.
 * - Arguments come checked by the codec. A store never throws (or rejects) because of what a peer sent.
 * - The cost of a call grows with its own arguments and answer, not with the number of files or peers in the table.
 * - A peer is forgotten when it was neither registered nor renewed for the time to live the store was opened with. It
 *   may be seen until the next `expire`, never after it. With its last peer a file goes.
 * - A table at its limit refuses newcomers with `full` and serves those that are in.
 * - `now` is the tracker's clock. A store that outlives the process keeps time by a clock of its own.
 */
export interface TrackerStore {
  /**
   * Makes the peer known at `address` and lists it for `files`, besides those it is listed for already. Answers per file
   * null or a refusal: `mismatch` when the swarm is listed with another size or chunk count, `full` at a limit.
   * The same name for different swarms is fine: they are listed side by side. Renews.
   */
  register(
    peer: PeerId,
    address: Address,
    files: readonly FileOffer[],
    now: Instant,
  ): Awaitable<readonly (Refusal | null)[]>;

  /**
   * Adds to the chunks that the peer holds: from the answer on it is located. Null, or `unknownPeer`, `unknownFile`
   * (the peer is not registered for it), `badChunk` (an index or a bitfield that does not fit; nothing is added) or `full`.
   */
  hold(peer: PeerId, swarm: SwarmId, held: ChunkSet, now: Instant): Awaitable<Refusal | null>;

  /**
   * Renews the peer, and chooses for each swarm at most `contactsMax` of its peers: never the asker, none twice, at random
   * so that askers get different ones. Half are seeders while there are, all others for an asker that is a seeder itself.
   * A peer that is not known gets its peers all the same, with `known` false.
   */
  renew(
    peer: PeerId,
    swarms: readonly SwarmId[],
    contactsMax: number,
    now: Instant,
  ): Awaitable<{ readonly known: boolean; readonly peers: readonly (readonly PeerContact[])[] }>;

  /**
   * Files whose name contains `filter`, from the `offset`th match on, at most `countMax`. Pages read while files come and
   * go may miss or repeat some. With a filter, a body may stop looking after a number of files that it names;
   * `total` then counts the matches among those.
   */
  list(
    filter: string,
    offset: number,
    countMax: number,
  ): Awaitable<{ readonly total: number; readonly files: readonly FileListing[] }>;

  /**
   * Who holds the file, chosen at random within the limits of FileLocationsReply, and its chunks from the rarest on among
   * those chosen, equals in varying order; chunks that nobody holds are not in it. By name: the file of that name with
   * the most seeders, among a number of them that the body names. Undefined when there is none.
   */
  locate(file: FileLocations['file']): Awaitable<Located | undefined>;

  /** Takes the peer from `swarm`, or from everywhere. Answers whether it was there. */
  leave(peer: PeerId, swarm: SwarmId | undefined): Awaitable<boolean>;

  /** Forgets at most `countMax` peers whose time is over and names them; `remaining` peers are left. */
  expire(
    now: Instant,
    countMax: number,
  ): Awaitable<{ readonly expired: readonly PeerId[]; readonly remaining: number }>;

  /** How much is in the table. */
  stats(): Awaitable<StoreStats>;
}

export interface StoreStats {
  readonly peers: number;
  readonly files: number;
}

type Method = Exclude<keyof TrackerStore, 'stats'>;

/** A call as a value: what a tracker orders. */
export type StoreCall = {
  [M in Method]: { readonly method: M; readonly args: Parameters<TrackerStore[M]> };
}[Method];

/** What came of it. */
export type StoreAnswer = {
  [M in Method]: { readonly method: M; readonly result: Awaited<ReturnType<TrackerStore[M]>> };
}[Method];

/** Performs a call. The answer is a promise exactly when the store's is. */
export function performStoreCall(store: TrackerStore, { method, args }: StoreCall): Awaitable<StoreAnswer> {
  // Method and arguments belong together by the type of StoreCall, which the compiler cannot follow through the index.
  const call = store[method] as (...args: readonly unknown[]) => Awaitable<unknown>;
  const result = call.apply(store, args);
  const answer = (value: unknown): StoreAnswer => ({ method, result: value }) as StoreAnswer;
  return result instanceof Promise ? result.then(answer) : answer(result);
}
