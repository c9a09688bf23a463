// Where a tracker keeps who holds which chunk: the promises that every body of it keeps (memory, disk, a shared
// database). The conformance suite in `/testing` checks them. The tracker never calls a store itself: it orders a call,
// whoever runs the tracker performs it and hands the answer back, so that a store may take its time.

import type { Address, Instant, PeerId } from '@shoal/machine';
import type {
  ChunkSet,
  ClaimListReply,
  Draft,
  DraftId,
  FileListing,
  FileLocations,
  FileOffer,
  Progress,
  Refusal,
  Standing,
  SwarmId,
  SwarmKey,
  SwarmNews,
} from '@shoal/wire';

export type Awaitable<Value> = Value | Promise<Value>;

/** The swarm that the manifest of a draft names, once the hash of each chunk is known (32 bytes each, in order). */
export type ManifestOf = (draft: Draft, hashes: Uint8Array) => SwarmId | undefined;

/** What every body is opened with. */
export interface StoreTerms {
  /** A peer that was neither registered nor renewed for so long is forgotten. */
  readonly ttlMs: number;
  /** So many voices agree on a chunk before it is believed. */
  readonly quorum: number;
  /** Without it drafts are never derived. */
  readonly manifestOf?: ManifestOf;
}

export const storeTermsDefaults: StoreTerms = { ttlMs: 90_000, quorum: 2 };

/** What `locate` found; all but `file` as FileLocationsReply and its body say. */
export interface Located {
  readonly file: FileListing;
  readonly total: number;
  readonly holders: Uint8Array;
  readonly rarest: readonly number[];
  readonly copies: readonly number[];
  readonly body: Uint8Array;
}

/** Where the claimed chunks stand now, and whether this draft is now agreed upon as a whole: time to `derive` it. */
export interface Claimed {
  readonly standings: readonly Standing[];
  readonly complete: boolean;
}

export type ClaimPage = Required<Pick<ClaimListReply, 'file'>> & Pick<ClaimListReply, 'counts' | 'chunks' | 'next'>;

/**
 * Promises of every body:
 *
 * - Each call is one transaction: no other call sees half of it, and calls whose answers were given are seen by all
 *   later calls of every process that shares the store.
 * - Arguments come checked by the codec. A store never throws (or rejects) because of what a peer sent.
 * - The cost of a call grows with its own arguments and answer, not with the number of files or peers in the table.
 * - A peer is forgotten when it was neither registered nor renewed for the time to live the store was opened with. It
 *   may be seen until the next `expire`, never after it. With its last peer a file goes.
 * - A table at its limit refuses newcomers with `full`, a peer or host beyond its share with `quotaExceeded`, and serves
 *   those that are in.
 * - `now` is the tracker's clock. A store that outlives the process keeps time by a clock of its own, or counts everybody
 *   as heard of when it is opened again.
 * - What was answered survives the tracker that asked, where the store outlives it. A call that cannot be carried out
 *   rejects; made again when the store is well, it leaves the table as if it had been carried out the first time.
 *
 * Of drafts (files without a manifest):
 *
 * - A peer's claim about a chunk says that it holds the chunk and what it hashes to. The claims of a peer that leaves or
 *   is forgotten go with it: where a chunk stands follows from the claims of those present and nothing else.
 * - Claims of the same hash are a camp. Its voices are counted by `voiceOf` (voice.ts): by keys, on public networks by
 *   networks. A chunk with one camp stands on the check list, from `quorum` voices on it on the chunk list; with two or
 *   more camps, whatever their size, it is disputed. A claim beyond `campsMax` camps is answered `disputed` and not kept.
 * - Only chunks on the chunk list are located, at those in the camp. A peer that claims all chunks is a seeder.
 * - A pinned draft has the pinned hashes: a claim of one is agreed upon at once, another is `disputed` and not kept.
 */
export interface TrackerStore {
  /**
   * Makes the peer known at `address` and lists it for `files`, besides those it is listed for already. Answers per file
   * null or a refusal: `mismatch` when the swarm is listed with another size or chunk count, `full` or `quotaExceeded` at
   * a limit. The same name for different swarms is fine: they are listed side by side. Renews.
   */
  register(
    peer: PeerId,
    address: Address,
    files: readonly FileOffer[],
    now: Instant,
  ): Awaitable<readonly (Refusal | null)[]>;

  /**
   * Adds to the chunks that the peer holds: from the answer on it is located. Null, or `unknownPeer`, `unknownFile`
   * (the peer is not registered for it), `badChunk` (an index or a bitfield that does not fit; nothing is added), `full`,
   * or `claimNeeded` for a draft. Renews.
   */
  hold(peer: PeerId, swarm: SwarmKey, held: ChunkSet, now: Instant): Awaitable<Refusal | null>;

  /**
   * Takes claims, as `packClaims` writes them, one after another. `unknownPeer`, `unknownFile`, `badChunk` (nothing is
   * taken), `full` or `quotaExceeded` when they are refused. Renews.
   */
  claim(peer: PeerId, swarm: DraftId, claims: Uint8Array, now: Instant): Awaitable<Claimed | Refusal>;

  /**
   * Renews the peer, at `address` from now on when there is one, and chooses for each swarm at most `contactsMax` of its
   * peers: never the asker, none twice, at random so that askers get different ones. For a leecher half are seeders, for
   * a seeder none; of the others a quarter are newcomers, who hold nothing yet. Where one kind is short others take its
   * place, but never seeders for a seeder. A peer that is not listed gets its peers all the same, with `known` `no`; one
   * that holds more than the table says, with `behind`.
   */
  renew(
    peer: PeerId,
    address: Address | undefined,
    swarms: readonly Progress[],
    contactsMax: number,
    now: Instant,
  ): Awaitable<readonly SwarmNews[]>;

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
   * the most seeders, among a number of them that the body names. Undefined when there is none. `total` counts, for a
   * draft, those who claim something.
   */
  locate(file: FileLocations['file']): Awaitable<Located | undefined>;

  /**
   * The claimed chunks of a draft from chunk `from` on, at most `countMax`, those that stand on `only` when it is given.
   * A body may stop looking after a number of chunks that it names, and tells in `next` where to go on.
   */
  claims(swarm: DraftId, from: number, only: Standing | undefined, countMax: number): Awaitable<ClaimPage | undefined>;

  /**
   * Names the manifest of a draft whose every chunk is on the chunk list, by the function that the store was opened with.
   * Listings carry the name from the answer on, for as long as that stays so.
   */
  derive(swarm: DraftId): Awaitable<SwarmId | undefined>;

  /** The operator knows the manifest of a draft: these are its hashes, and `derived` its swarm, whether or not it is listed. */
  pin(swarm: DraftId, derived: SwarmId, hashes: Uint8Array): Awaitable<void>;

  /** Takes the peer from `swarm`, or from everywhere. Answers whether it was there. */
  leave(peer: PeerId, swarm: SwarmKey | undefined): Awaitable<boolean>;

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
