// A swarm's content once its store is open: what remotes say that they hold and what our store says is brought to those who
// fetch, give and announce.

import { Bitfield, earliest, type ErrorCode, type Instant } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import { Announcements } from './announcements.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { ContentShape } from './content.ts';
import { Fetching } from './fetching/fetching.ts';
import { Giving } from './giving/giving.ts';
import { Holding } from './holding.ts';
import type { SwarmHost } from './host.ts';
import type { JoinOptions } from './join-options.ts';
import type { Remote } from './remote.ts';
import type { StoreFact } from './store-orders.ts';
import type { SwarmReport, Tally } from './tally.ts';

export interface OpenContentOptions extends Pick<JoinOptions, 'owner' | 'receivers' | 'policy'> {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly tally: Tally;
  readonly fetchBudget: ByteBudget;
  readonly giveBudget: ByteBudget;
  readonly remotes: Iterable<Remote>;
}

export class OpenContent {
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly holding: Holding;
  readonly fetching: Fetching;
  readonly giving: Giving;
  readonly #announcements: Announcements;
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #tally: Tally;
  readonly #isOwner: boolean;

  constructor(options: OpenContentOptions) {
    const { swarm, host, shape, held, tally, remotes, receivers } = options;
    const { owner = false, policy = 'rarestFirst', fetchBudget, giveBudget } = options;
    this.shape = shape;
    this.held = held;
    this.#swarm = swarm;
    this.#host = host;
    this.#tally = tally;
    this.#isOwner = owner;
    this.fetching = new Fetching({ swarm, host, shape, held, policy, tally, budget: fetchBudget });
    this.giving = new Giving({ swarm, host, shape, held, tally, budget: giveBudget, owner, receivers });
    this.holding = new Holding(shape, held);
    this.#announcements = new Announcements({ swarm, host, held, remotes });
  }

  /** What everybody is told at once; an owner's first copies are offered one by one. */
  get visibleBits(): Uint8Array {
    if (this.shape.chunkCount === 0) return Uint8Array.of(0); // no bytes would mean that we lack the manifest
    return (this.#isOwner ? new Bitfield(this.shape.chunkCount) : this.held).toBytes();
  }

  /** The remote says all that it holds. */
  remoteHolds(remote: Remote, bits: Uint8Array, now: Instant): void {
    const { chunkCount } = this.shape;
    const held = chunkCount === 0 ? new Bitfield(0) : Bitfield.fromBytes(bits, chunkCount);
    if (held === undefined) return this.#host.accuse(remote.peer, 'badMessage');
    if (remote.role.isServed) this.giving.remoteHolds(remote, held, now);
    if (remote.role.isAsked) this.fetching.remoteHolds(remote, held, now);
    else remote.held = held;
    this.#noteComplete(remote);
  }

  /** The remote holds more chunks. */
  remoteHas(remote: Remote, chunks: readonly number[], now: Instant): void {
    if (remote.held === undefined) return; // its bits come with its next join
    if (!this.#areInside(chunks)) return this.#host.accuse(remote.peer, 'badMessage');
    if (remote.role.isAsked) this.fetching.remoteHas(remote, chunks, now);
    else for (const chunk of chunks) remote.held.set(chunk);
    if (remote.role.isServed) this.giving.remoteHas(remote, chunks, now);
    this.#noteComplete(remote);
  }

  /** It no longer holds these. It was not told what it had, and now wants to know who has it. */
  remoteLost(remote: Remote, chunks: readonly number[], now: Instant): void {
    if (remote.held === undefined) return;
    if (!this.#areInside(chunks)) return this.#host.accuse(remote.peer, 'badMessage');
    if (remote.role.isAsked) this.fetching.remoteLost(remote, chunks);
    else for (const chunk of chunks) remote.held.clear(chunk);
    if (!remote.role.isServed) return;
    this.giving.remoteHolds(remote, remote.held, now);
    if (!this.#isOwner) this.#announcements.answerLost(remote, chunks);
  }

  remoteLeft(remote: Remote, now: Instant): void {
    this.giving.remoteLeft(remote, now);
    this.fetching.remoteLeft(remote, now);
  }

  /** Chunks that were here all the time count from now on. */
  found(chunks: readonly number[], now: Instant): void {
    for (const chunk of chunks) {
      if (this.held.has(chunk)) continue;
      this.fetching.chunkFound(chunk);
      this.holding.stored(chunk);
      this.#announcements.stored(chunk, false, now);
    }
  }

  stored({ chunk, hashMs = 0 }: StoreFact & { type: 'chunkStored' }, now: Instant): void {
    this.#tally.times.hashed(hashMs);
    const from = this.fetching.chunkStored(chunk);
    if (from === undefined) return;
    const bytes = this.holding.stored(chunk);
    this.#host.emit({ type: 'chunkHeld', swarm: this.#swarm, chunk, bytes, from: from.peer });
    this.#announcements.stored(chunk, this.fetching.isComplete, now);
  }

  damaged(chunk: number, now: Instant): void {
    const from = this.fetching.chunkDamaged(chunk);
    if (from === undefined) return;
    this.#host.emit({ type: 'chunkDamaged', swarm: this.#swarm, chunk, from: from.peer, address: from.address });
    this.fetching.fill(now);
  }

  /** The store no longer has a chunk as it was; it is `wanted` again, or others are asked. */
  lost(chunk: number, code: ErrorCode, wanted: boolean, now: Instant): void {
    this.#host.emit({ type: 'readFailed', swarm: this.#swarm, chunk, code });
    // What no longer verifies is no longer held.
    const isGone = code === 'storeDamaged' || code === 'contentChanged' || code === 'notFound';
    if (!isGone) return this.#announcements.unread(chunk, now);
    if (!this.holding.forget(chunk)) return;
    this.#announcements.lost(chunk, now);
    if (wanted) this.fetching.chunkLost(chunk, now);
  }

  nextTimeout(): Instant {
    return earliest(this.fetching.nextTimeout(), this.giving.nextTimeout(), this.#announcements.nextTimeout());
  }

  handleTimeout(now: Instant): void {
    this.fetching.handleTimeout(now);
    this.giving.handleTimeout(now);
    this.#announcements.handleTimeout(now);
  }

  close(): void {
    this.fetching.close();
    this.giving.close();
  }

  report(): Partial<SwarmReport> {
    const { shape, holding, fetching } = this;
    return {
      totalBytes: shape.totalBytes,
      wantedBytes: fetching.wantedBytes,
      missingBytes: fetching.missingBytes,
      chunkCount: shape.chunkCount,
      heldBytes: holding.bytes,
      heldChunks: holding.held.count,
      resumedBytes: holding.resumedBytes,
    };
  }

  #areInside(chunks: readonly number[]): boolean {
    return chunks.every((chunk) => chunk < this.shape.chunkCount);
  }

  #noteComplete(remote: Remote): void {
    if (remote.toldComplete || remote.held?.isFull !== true) return;
    remote.toldComplete = true;
    this.#host.emit({ type: 'remoteCompleted', swarm: this.#swarm, peer: remote.peer, address: remote.address });
  }
}
