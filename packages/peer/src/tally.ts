// What came from whom and went to whom in one swarm: the table in which a swarm becomes visible. An entry stays when
// its remote has gone, and goes on when it comes back.

import { type Address, type Instant, msBetween, type PeerId } from '@shoal/machine';
import { RateMeter } from './rate-meter.ts';
import { type Holdup, type HoldupShares, TimeShares } from './time-shares.ts';

const entriesMax = 4_096; // beyond it newcomers are counted together, under the identity of the first of them
const rateWindowMs = 2_000;

/** Bytes are those of chunk bodies. */
export interface RemoteTally {
  readonly peer: PeerId;
  address: Address;
  receivedBytes: number;
  receivedChunks: number;
  sentBytes: number;
  sentChunks: number;
  damagedChunks: number;
}

/** A moment's view of one swarm. */
export interface SwarmReport {
  readonly totalBytes: number;
  readonly chunkCount: number;
  /** Of chunks that are wanted: all, unless only some files are. */
  readonly wantedBytes: number;
  /** Of these, what is not held yet. */
  readonly missingBytes: number;
  readonly heldBytes: number;
  readonly heldChunks: number;
  /** Held before this run began. */
  readonly resumedBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Received for nothing: copies of chunks that had come from elsewhere, damaged ones, parts of cancelled answers. */
  readonly wastedBytes: number;
  readonly duplicateChunks: number;
  readonly damagedChunks: number;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  /** From joining until complete, or until now. */
  readonly elapsedMs: number;
  /** What that time went to, in milliseconds; the sum is the elapsed time. */
  readonly holdups: HoldupShares;
  /** Peers linked in this swarm now. */
  readonly remoteCount: number;
  readonly remotes: readonly Readonly<RemoteTally>[];
}

export class Tally {
  receivedBytes = 0;
  sentBytes = 0;
  wastedBytes = 0;
  duplicateChunks = 0;
  damagedChunks = 0;
  readonly times: TimeShares;
  readonly #received = new RateMeter(rateWindowMs);
  readonly #sent = new RateMeter(rateWindowMs);
  readonly #remotes = new Map<PeerId, RemoteTally>();
  readonly #startedAt: Instant;
  #endedAt: Instant | undefined;

  constructor(now: Instant) {
    this.#startedAt = now;
    this.times = new TimeShares(now);
    this.#received.start(now);
    this.#sent.start(now);
  }

  remote(peer: PeerId, address: Address): RemoteTally {
    const known = this.#remotes.get(peer);
    if (known !== undefined) {
      known.address = address;
      return known;
    }
    if (this.#remotes.size >= entriesMax) return [...this.#remotes.values()].at(-1)!;
    const entry = { peer, address, receivedBytes: 0, receivedChunks: 0, sentBytes: 0, sentChunks: 0, damagedChunks: 0 };
    this.#remotes.set(peer, entry);
    return entry;
  }

  /** A chunk arrived that was wanted. */
  received(from: RemoteTally, bytes: number, now: Instant): void {
    from.receivedBytes += bytes;
    from.receivedChunks += 1;
    this.receivedBytes += bytes;
    this.#received.add(bytes, now);
  }

  sent(to: RemoteTally, bytes: number, now: Instant): void {
    to.sentBytes += bytes;
    to.sentChunks += 1;
    this.sentBytes += bytes;
    this.#sent.add(bytes, now);
  }

  /** A whole chunk arrived that was held or coming from elsewhere already. */
  duplicate(bytes: number): void {
    this.duplicateChunks += 1;
    this.wastedBytes += bytes;
  }

  damaged(from: RemoteTally, bytes: number): void {
    from.damagedChunks += 1;
    this.damagedChunks += 1;
    this.wastedBytes += bytes;
  }

  /** What has held the swarm up since this was last told. */
  heldUpBy(holdup: Holdup | 'answers', now: Instant): void {
    if (this.#endedAt === undefined) this.times.account(holdup, now);
  }

  completed(now: Instant): void {
    this.#endedAt ??= now;
  }

  elapsedMs(now: Instant): number {
    return msBetween(this.#startedAt, this.#endedAt ?? now);
  }

  /** The part of a report that is known here. */
  report(
    now: Instant,
  ): Omit<
    SwarmReport,
    | 'totalBytes'
    | 'chunkCount'
    | 'wantedBytes'
    | 'missingBytes'
    | 'heldBytes'
    | 'heldChunks'
    | 'resumedBytes'
    | 'remoteCount'
  > {
    return {
      receivedBytes: this.receivedBytes,
      sentBytes: this.sentBytes,
      wastedBytes: this.wastedBytes,
      duplicateChunks: this.duplicateChunks,
      damagedChunks: this.damagedChunks,
      receivedBytesPerSecond: this.#received.bytesPerSecond(now),
      sentBytesPerSecond: this.#sent.bytesPerSecond(now),
      elapsedMs: this.elapsedMs(now),
      holdups: this.times.report(),
      remotes: Array.from(this.#remotes.values(), (entry) => Object.assign({}, entry)),
    };
  }
}
