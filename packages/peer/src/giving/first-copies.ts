// The owner hands out disjoint first copies (super-seeding, after BEP 16). It tells no remote all that it holds, but
// offers each one chunk with every unchoke, first those that were offered to nobody; the receivers get the rest from one
// another. So nearly every byte that leaves the owner is one that nobody else could send. Whoever passes its first copies
// on quickly is offered more of them: next is always the one with the fewest that no fellow has.
//
// It must never be the reason for waiting. A lone receiver is offered chunks as fast as it asks. An offer that leads to
// nothing is void after a time, and the chunk is offered to others. And where fellow receivers bring a remote clearly
// less than the owner's uplink could, the owner repeats chunks, the least spread first: the fluid bound asks for that.

import { after, Bitfield, type Instant, NEVER, type Rng } from '@shoal/machine';
import type { ContentShape } from '../content.ts';
import { RarestFirst } from '../picking/rarest-first.ts';
import { RateMeter } from '../rate-meter.ts';
import type { Remote } from '../remote.ts';

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
  /** What it got from us and has not announced: its disk may have refused it. */
  readonly unannounced: Set<number>;
  readonly fellows: RateMeter;
  /** First copies it was offered that no fellow holds yet. */
  unspread: number;
  /** Requests it waits for, and those of them that wait for our uplink: for these it is not to blame. */
  askedCount: number;
  queuedCount: number;
  /** When it last did something, or something was last on its way to it. */
  signAt: Instant;
  /** When it last got a chunk, from whomever. */
  gainAt: Instant;
}

export class FirstCopies {
  readonly #shape: ContentShape;
  readonly #tell: (remote: Remote, chunk: number) => void;
  /** All chunks, by how far they have spread: copies with remotes and offers under way. */
  readonly #spread: RarestFirst;
  readonly #receivers = new Map<Remote, Receiver>();
  /** Who was offered the first copy of a chunk that nobody else holds. */
  readonly #firstWith = new Map<number, Receiver>();
  #firstsUnderWay = 0;
  #lastFirstAt: Instant | undefined;
  #usualMs = 0;
  #sentBytes = 0;
  #busyMs = 0;
  #busySince: Instant | undefined;
  #stepAt: Instant = NEVER;
  #awaited: number;

  /** `tell` announces a chunk to one remote; nothing is offered before `receivers` are there at once. */
  constructor(shape: ContentShape, rng: Rng, tell: (remote: Remote, chunk: number) => void, receivers = 1) {
    this.#shape = shape;
    this.#awaited = receivers;
    this.#tell = tell;
    this.#spread = new RarestFirst(shape.chunkCount, rng);
    for (let chunk = 0; chunk < shape.chunkCount; chunk += 1) this.#spread.add(chunk, 0);
  }

  /** A remote whose chunks are known, newly or afresh (it has been told of none of ours then). */
  remoteHolds(remote: Remote, bits: Bitfield, now: Instant): void {
    this.#forget(remote);
    const fellows = new RateMeter(fellowWindowMs);
    fellows.start(now);
    const receiver: Receiver = {
      remote,
      copies: bits.clone(),
      unoffered: Bitfield.full(this.#shape.chunkCount),
      offers: new Map(),
      unannounced: new Set(),
      fellows,
      unspread: 0,
      askedCount: 0,
      queuedCount: 0,
      signAt: now,
      gainAt: now,
    };
    this.#receivers.set(remote, receiver);
    for (const chunk of bits.ones()) {
      receiver.unoffered.clear(chunk);
      this.#spreads(chunk, 1);
      this.#fellowHas(receiver, chunk);
    }
    this.#step(now);
  }

  /** The remote announces chunks. */
  remoteHas(remote: Remote, chunks: readonly number[], now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    receiver.signAt = now;
    for (const chunk of chunks) {
      receiver.unannounced.delete(chunk);
      // What came from us was known when it had arrived.
      if (this.#gained(receiver, chunk, now)) receiver.fellows.add(this.#shape.sizeOfChunk(chunk), now);
    }
    if (receiver.copies.isFull) this.#step(now);
  }

  /** First copies offered to the remote that no fellow of it holds: the fewer, the sooner it should be offered another. */
  unspread(remote: Remote): number {
    return this.#receivers.get(remote)?.unspread ?? 0;
  }

  /**
   * Offers the remote a chunk to go with its next unchoke, unless it was offered more than it may ask for (`allowance`)
   * already. False when it should have nothing of ours now.
   */
  offer(remote: Remote, allowance: number, now: Instant): boolean {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined || this.#receivers.size < this.#awaited) return false;
    this.#awaited = 0;
    if (unaskedOf(receiver) > allowance) return true;
    const chunk = this.#spread.pick(receiver.unoffered);
    if (chunk === undefined) return false;
    const first = this.#spread.copies(chunk) === 0;
    if (!first && !this.#mayRepeat(receiver, now)) return false;
    receiver.unoffered.clear(chunk);
    receiver.offers.set(chunk, { at: now, first, asked: false });
    this.#spreads(chunk, 1);
    if (first) {
      this.#firstsUnderWay += 1;
      this.#firstWith.set(chunk, receiver);
      receiver.unspread += 1;
    }
    this.#tell(remote, chunk);
    return true;
  }

  /** The remote has no use for what it was offered and did not ask for. */
  declined(remote: Remote, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    for (const [chunk, offer] of receiver.offers) if (!offer.asked) this.#withdraw(receiver, chunk, offer, now);
  }

  /** The remote asked us for the chunk, and will be served. */
  requested(remote: Remote, chunk: number, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    this.#busySince ??= now;
    receiver.signAt = now;
    receiver.askedCount += 1;
    receiver.queuedCount += 1;
    const offer = receiver.offers.get(chunk);
    if (offer !== undefined) offer.asked = true;
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
    const receiver = this.#receivers.get(remote);
    if (receiver !== undefined && this.#gained(receiver, chunk, now)) receiver.unannounced.add(chunk);
    this.#requestEnded(remote, now);
  }

  /** The request came to nothing; `queued` when its answer was not on its way yet. */
  stopped(remote: Remote, chunk: number, queued: boolean, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    const offer = receiver.offers.get(chunk);
    if (offer !== undefined) offer.asked = false;
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

  /** Takes back what came to nothing. */
  #step(now: Instant): void {
    for (const receiver of this.#receivers.values()) this.#expire(receiver, now);
    this.#stepAt = Array.from(this.#receivers.values()).some(isWatched) ? after(now, stepMs) : NEVER;
  }

  #requestEnded(remote: Remote, now: Instant): void {
    const receiver = this.#receivers.get(remote);
    if (receiver === undefined) return;
    receiver.signAt = now;
    receiver.askedCount -= 1;
    this.#countBusy(now);
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

  /** The receiver holds one chunk more; false when that was known. */
  #gained(receiver: Receiver, chunk: number, now: Instant): boolean {
    if (!receiver.copies.set(chunk)) return false;
    receiver.gainAt = now;
    receiver.unoffered.clear(chunk);
    const offer = receiver.offers.get(chunk);
    if (offer === undefined) this.#spreads(chunk, 1);
    else this.#settle(receiver, chunk, offer, now);
    this.#fellowHas(receiver, chunk);
    return true;
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
    for (const [chunk, offer] of receiver.offers)
      if (now - offer.at >= patienceMs) this.#withdraw(receiver, chunk, offer, now);
    if (receiver.unspread > 0) this.#giveUp(receiver);
    for (const chunk of receiver.unannounced) this.#doubt(receiver, chunk);
    receiver.unannounced.clear();
  }

  /** It may be offered the chunk again. */
  #doubt(receiver: Receiver, chunk: number): void {
    if (receiver.copies.clear(chunk)) this.#spreads(chunk, -1);
    receiver.unoffered.set(chunk);
  }

  /** Who says nothing for so long may not pass its first copies on: they do not count, and others get another. */
  #giveUp(receiver: Receiver): void {
    for (const [chunk, first] of this.#firstWith) {
      if (first !== receiver || !receiver.copies.clear(chunk)) continue;
      this.#spreads(chunk, -1);
      this.#passedOn(receiver, chunk);
    }
  }

  #withdraw(receiver: Receiver, chunk: number, offer: Offer, now: Instant): void {
    receiver.offers.delete(chunk);
    receiver.unoffered.set(chunk);
    this.#spreads(chunk, -1);
    this.#firstEnded(offer, now);
    if (this.#firstWith.get(chunk) === receiver) this.#passedOn(receiver, chunk);
  }

  #firstEnded(offer: Offer, now: Instant): void {
    if (!offer.first) return;
    this.#firstsUnderWay -= 1;
    this.#lastFirstAt = now;
  }

  /** The receiver holds the chunk: if its first copy went to another, that one has passed it on. */
  #fellowHas(receiver: Receiver, chunk: number): void {
    const first = this.#firstWith.get(chunk);
    if (first !== undefined && first !== receiver) this.#passedOn(first, chunk);
  }

  #passedOn(first: Receiver, chunk: number): void {
    first.unspread -= 1;
    this.#firstWith.delete(chunk);
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
    for (const [chunk, first] of this.#firstWith) if (first === receiver) this.#firstWith.delete(chunk);
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

function unaskedOf({ offers }: Receiver): number {
  let count = 0;
  for (const { asked } of offers.values()) if (!asked) count += 1;
  return count;
}

/** Whether something is still to be seen of it: a copy, or that it tells of one. */
const isWatched = ({ copies, unannounced }: Receiver): boolean => !copies.isFull || unannounced.size > 0;
