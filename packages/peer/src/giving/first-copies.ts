// The owner hands out disjoint first copies (super-seeding, after BEP 16). It tells no remote all that it holds, but
// offers each a few chunks at a time, first those that were offered to nobody; the receivers get the rest from one
// another. So nearly every byte that leaves the owner is one that nobody else could send.
//
// It must never be the reason for waiting. A lone receiver is offered chunks as fast as it asks. An offer that leads to
// nothing is void after a time, and the chunk is offered to others. And where fellow receivers bring a remote clearly
// less than the owner's uplink could, the owner repeats chunks, the least spread first: the fluid bound asks for that.

import { after, Bitfield, type Instant, NEVER, type Rng } from '@shoal/machine';
import type { ContentShape } from '../content.ts';
import { RarestFirst } from '../picking/rarest-first.ts';
import { RateMeter } from '../rate-meter.ts';
import type { Remote } from '../remote.ts';

const readyMin = 2; // offers that a remote has not taken up yet: one to ask for now, one for after
const readyMax = 512; // and at most, however fast it is
const takeUpMs = 250; // what is wanted is asked for within this time, over any usual round trip
const patienceMsMin = 3_000; // an offer without result is void after this, or after four times the usual time
const patienceMsMax = 30_000;
const spreadingMs = 200; // how long fellow receivers have to pass on the last first copies before any is repeated
const starvedMsMin = 500; // who got nothing from anybody for this time, or four times the usual one, gets a repeat
const weakShare = 0.45; // fellows are weak when they bring less than this part of what our uplink can; equals bring half or more
const fellowWindowMs = 1_000;
const stepMs = 100; // how often offers are looked over when nothing happens

/** An offer under way to one remote. */
interface Offer {
  /** When it was made, or when its answer was on its way. */
  at: Instant;
  /** Nobody held the chunk and nobody else was offered it. */
  readonly first: boolean;
  asked: boolean;
}

/** What the owner knows of one receiver. */
interface Receiver {
  readonly remote: Remote;
  /** Chunks that it holds. */
  readonly copies: Bitfield;
  /** Chunks that it lacks and was not offered. */
  readonly unoffered: Bitfield;
  readonly offers: Map<number, Offer>;
  /** Chunks it asked us for and has not announced yet: what comes of them is not its fellows' doing. */
  readonly fromUs: Set<number>;
  readonly fellows: RateMeter;
  /** Requests it waits for, and those of them that wait for our uplink: for these it is not to blame. */
  askedCount: number;
  queuedCount: number;
  /** When it last did something, or something was last on its way to it. */
  signAt: Instant;
  /** When it last announced a chunk. */
  gainAt: Instant;
}

export class FirstCopies {
  readonly #shape: ContentShape;
  readonly #tell: (remote: Remote, chunks: readonly number[]) => void;
  /** All chunks, by how far they have spread: copies with remotes and offers under way. */
  readonly #spread: RarestFirst;
  readonly #receivers = new Map<Remote, Receiver>();
  #firstsUnderWay = 0;
  #lastFirstAt: Instant | undefined;
  #usualMs = 0;
  #sentBytes = 0;
  #busyMs = 0;
  #busySince: Instant | undefined;
  #stepAt: Instant = NEVER;

  /** `tell` announces chunks to one remote. */
  constructor(shape: ContentShape, rng: Rng, tell: (remote: Remote, chunks: readonly number[]) => void) {
    this.#shape = shape;
    this.#tell = tell;
    this.#spread = new RarestFirst(shape.chunkCount, rng);
    for (let chunk = 0; chunk < shape.chunkCount; chunk += 1) this.#spread.add(chunk);
  }

  /** A remote whose chunks are known, newly or afresh (it has been told of none of ours then). */
  remoteHolds(remote: Remote, bits: Bitfield, now: Instant): void {
    this.#forget(remote);
    const unoffered = Bitfield.full(this.#shape.chunkCount);
    for (const chunk of bits.ones()) {
      unoffered.clear(chunk);
      this.#spreads(chunk, 1);
    }
    const fellows = new RateMeter(fellowWindowMs);
    fellows.start(now);
    this.#receivers.set(remote, {
      remote,
      copies: bits.clone(),
      unoffered,
      offers: new Map(),
      fromUs: new Set(),
      fellows,
      askedCount: 0,
      queuedCount: 0,
      signAt: now,
      gainAt: now,
    });
    this.#step(now);
  }

  /** The remote announces chunks. */
  remoteHas(remote: Remote, chunks: readonly number[], now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    receiver.signAt = now;
    for (const chunk of chunks) {
      if (!receiver.copies.set(chunk)) continue;
      receiver.gainAt = now;
      const offer = receiver.offers.get(chunk);
      receiver.unoffered.clear(chunk);
      if (offer === undefined) this.#spreads(chunk, 1);
      else this.#settle(receiver, chunk, offer, now);
      if (!receiver.fromUs.delete(chunk)) receiver.fellows.add(this.#shape.sizeOfChunk(chunk), now);
    }
    if (receiver.copies.isFull) this.#step(now);
    else this.#offerTo(receiver, now);
  }

  /** The remote asked us for the chunk, and will be served. */
  requested(remote: Remote, chunk: number, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    this.#busySince ??= now;
    receiver.signAt = now;
    receiver.askedCount += 1;
    receiver.queuedCount += 1;
    receiver.fromUs.add(chunk);
    const offer = receiver.offers.get(chunk);
    if (offer !== undefined) offer.asked = true;
    this.#offerTo(receiver, now);
  }

  /** The answer is on its way. */
  sending(remote: Remote, chunk: number, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    receiver.signAt = now;
    receiver.queuedCount -= 1;
    const offer = receiver.offers.get(chunk);
    if (offer !== undefined) offer.at = now;
  }

  /** The answer arrived. */
  sent(remote: Remote, chunk: number, now: Instant): void {
    this.#sentBytes += this.#shape.sizeOfChunk(chunk);
    this.#requestEnded(remote, now);
  }

  /** The request came to nothing; `queued` when its answer was not on its way yet. */
  stopped(remote: Remote, chunk: number, queued: boolean, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    receiver.fromUs.delete(chunk);
    if (queued) receiver.queuedCount -= 1;
    this.#requestEnded(remote, now);
  }

  remoteLeft(remote: Remote, now: Instant): void {
    this.#forget(remote);
    this.#countBusy(now);
    this.#step(now);
  }

  nextTimeout(): Instant {
    return this.#stepAt;
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#stepAt) this.#step(now);
  }

  /** Takes back what came to nothing, then offers anew to everybody who lacks something. */
  #step(now: Instant): void {
    for (const receiver of this.#receivers.values()) this.#expire(receiver, now);
    for (const receiver of this.#receivers.values()) this.#offerTo(receiver, now);
    this.#stepAt = this.#hungry() > 0 ? after(now, stepMs) : NEVER;
  }

  #requestEnded(remote: Remote, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    receiver.signAt = now;
    receiver.askedCount -= 1;
    this.#countBusy(now);
    this.#offerTo(receiver, now);
  }

  #offerTo(receiver: Receiver, now: Instant): void {
    if (receiver.unoffered.count === 0) return;
    let ready = this.#ready(receiver, now);
    // Twice what it keeps in flight, so that a pipeline that wants to grow can.
    const target = Math.min(readyMax, Math.max(readyMin, 2 * receiver.askedCount));
    if (ready > target / 2) return;
    const chunks: number[] = [];
    for (; ready < target; ready += 1) {
      const chunk = this.#spread.pick(receiver.unoffered);
      if (chunk === undefined) break;
      const first = this.#spread.copies(chunk) === 0;
      if (!first && !this.#mayRepeat(receiver, now)) break;
      this.#offer(receiver, chunk, first, now);
      chunks.push(chunk);
    }
    if (chunks.length > 0) this.#tell(receiver.remote, chunks);
  }

  /** Offers that the receiver may still take up soon. */
  #ready(receiver: Receiver, now: Instant): number {
    // One that asks for little and leaves an offer lie is getting that chunk from a fellow: it can do with another.
    const idle = receiver.askedCount < readyMin;
    let ready = 0;
    for (const { asked, at } of receiver.offers.values()) if (!asked && !(idle && now - at >= takeUpMs)) ready += 1;
    return ready;
  }

  #offer(receiver: Receiver, chunk: number, first: boolean, now: Instant): void {
    receiver.unoffered.clear(chunk);
    receiver.offers.set(chunk, { at: now, first, asked: false });
    this.#spreads(chunk, 1);
    if (first) this.#firstsUnderWay += 1;
  }

  /** Whether chunks that others hold may be offered to this one. */
  #mayRepeat(receiver: Receiver, now: Instant): boolean {
    if (now - receiver.gainAt >= Math.max(starvedMsMin, 4 * this.#usualMs)) return true;
    if (this.#firstsUnderWay > 0) return false;
    if (this.#lastFirstAt !== undefined && now - this.#lastFirstAt < spreadingMs) return false;
    if (this.#hungry() === 1) return true;
    return receiver.fellows.bytesPerSecond(now) < weakShare * this.#ownRate(now);
  }

  /** What our uplink has given while it was asked for anything; infinite before we know. */
  #ownRate(now: Instant): number {
    const busyMs = this.#busyMs + (this.#busySince === undefined ? 0 : now - this.#busySince);
    return busyMs === 0 ? Number.POSITIVE_INFINITY : (this.#sentBytes / busyMs) * 1_000;
  }

  #hungry(): number {
    let count = 0;
    for (const { copies } of this.#receivers.values()) if (!copies.isFull) count += 1;
    return count;
  }

  /** An offer has become a copy: the spread stays as it was counted. */
  #settle(receiver: Receiver, chunk: number, offer: Offer, now: Instant): void {
    receiver.offers.delete(chunk);
    this.#usualMs += (now - offer.at - this.#usualMs) / 8;
    this.#firstEnded(offer, now);
  }

  #expire(receiver: Receiver, now: Instant): void {
    const patienceMs = Math.min(patienceMsMax, Math.max(patienceMsMin, 4 * this.#usualMs));
    if (receiver.queuedCount > 0 || now - receiver.signAt < patienceMs) return;
    for (const [chunk, offer] of receiver.offers) {
      if (now - offer.at < patienceMs) continue;
      receiver.offers.delete(chunk);
      this.#spreads(chunk, -1);
      this.#firstEnded(offer, now);
    }
  }

  #firstEnded(offer: Offer, now: Instant): void {
    if (!offer.first) return;
    this.#firstsUnderWay -= 1;
    this.#lastFirstAt = now;
  }

  #forget(remote: Remote): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    this.#receivers.delete(remote);
    for (const [chunk, offer] of receiver.offers) {
      this.#spreads(chunk, -1);
      if (offer.first) this.#firstsUnderWay -= 1;
    }
    for (const chunk of receiver.copies.ones()) this.#spreads(chunk, -1);
  }

  #spreads(chunk: number, by: 1 | -1): void {
    this.#spread.setCopies(chunk, this.#spread.copies(chunk) + by);
  }

  #countBusy(now: Instant): void {
    if (this.#busySince === undefined) return;
    this.#busyMs += now - this.#busySince;
    const busy = [...this.#receivers.values()].some((receiver) => receiver.askedCount > 0);
    this.#busySince = busy ? now : undefined;
  }
}
