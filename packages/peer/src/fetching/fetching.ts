// Gets what is missing: whom to ask for which chunk, and what to do with what comes back. Each remote is kept busy to
// the depth of its own pipeline, so the quicker ones are asked for more; which chunk is the picking policy's choice.

import {
  after,
  type AskId,
  Bitfield,
  earliest,
  type ErrorCode,
  type Instant,
  type LinkCode,
  type LinkFact,
  msBetween,
  NEVER,
  Timers,
} from '@shoal/machine';
import { type PeerReply, requestsPerUnchokeMax, type SwarmId } from '@shoal/wire';
import type { ByteBudget } from '../byte-budget.ts';
import type { ContentShape } from '../content.ts';
import type { SwarmHost } from '../host.ts';
import { type PrioritySpan, type ReadingPlace, urgent } from '../picking/demand.ts';
import type { Picker, PolicyName } from '../picking/picker.ts';
import type { Remote } from '../remote.ts';
import type { Tally } from '../tally.ts';
import type { Holdup } from '../time-shares.ts';
import { type Asked, Asks } from './asks.ts';
import { chunkToDouble } from './endgame.ts';
import { Supply } from './supply.ts';

const restMs = 500; // a remote that refuses is left alone so long
const endgameStepMs = 100; // how often the last requests are looked over
const diskRetryMs = 5_000; // how often a full disk is tried again

/** What a chunk that is not held is doing. */
interface Writing {
  readonly from: Remote;
  readonly bytes: number;
}

export interface FetchingOptions {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  readonly shape: ContentShape;
  /** Shared with the giver; chunks are set here once they are stored. */
  readonly held: Bitfield;
  readonly policy: PolicyName;
  readonly tally: Tally;
  readonly budget: ByteBudget;
}

export class Fetching {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #shape: ContentShape;
  readonly #held: Bitfield;
  readonly #supply: Supply;
  readonly #picker: Picker;
  readonly #tally: Tally;
  readonly #budget: ByteBudget;
  readonly #asks = new Asks();
  readonly #writing = new Map<number, Writing>();
  readonly #silences = new Timers<Remote>();
  readonly #rests = new Timers<Remote>();
  #endgameAt: Instant = NEVER;
  #endgameTold = false;
  /** What an owner has. */
  readonly #everything: Bitfield;
  readonly #refill = (now: Instant): void => this.fill(now);
  #diskRetryAt: Instant = NEVER;

  constructor({ swarm, host, shape, held, policy, tally, budget }: FetchingOptions) {
    this.#swarm = swarm;
    this.#host = host;
    this.#shape = shape;
    this.#held = held;
    const rng = host.rng.fork(`picking ${swarm}`);
    const exhausted = (remote: Remote): void => this.#tellInterest(remote, false);
    const unwanted = (chunk: number): void => this.#cancelAll(this.#asks.ofChunk(chunk));
    this.#supply = new Supply({ shape, held, policy, rng, exhausted, unwanted });
    this.#picker = this.#supply.picker;
    this.#tally = tally;
    this.#budget = budget;
    this.#everything = Bitfield.full(shape.chunkCount);
  }

  /** Whether all that is wanted is held. */
  get isComplete(): boolean {
    return this.#picker.missing === 0;
  }

  get wantedBytes(): number {
    return this.#picker.wantedBytes;
  }

  get missingBytes(): number {
    return this.#picker.missingBytes;
  }

  /** Whether the disk was full the last time. */
  get isPaused(): boolean {
    return this.#diskRetryAt !== NEVER;
  }

  /** What holds it up at the moment. */
  get holdup(): Holdup | 'answers' {
    const heldBack = this.#budget.holdsBack(this.#refill);
    if (heldBack === 'rate') return 'rateLimit';
    if (this.isPaused || this.isComplete) return 'disk';
    if (heldBack === 'bytes' && this.#writing.size > this.#asks.size) return 'disk';
    if (this.#asks.size > 0) return 'answers';
    if (this.#writing.size > 0 && this.#picker.size === 0) return 'disk';
    return this.#supply.isThere ? 'choked' : 'noSource';
  }

  /** The remote's chunks are known, newly or afresh. */
  remoteHolds(remote: Remote, bits: Bitfield, now: Instant): void {
    this.#supply.remoteHolds(remote, bits);
    this.#fillRemote(remote, now);
  }

  /** The remote holds more chunks. */
  remoteHas(remote: Remote, chunks: readonly number[], now: Instant): void {
    for (const chunk of chunks) this.#supply.remoteHas(remote, chunk);
    this.#fillRemote(remote, now);
  }

  /** The remote holds these no longer. */
  remoteLost(remote: Remote, chunks: readonly number[]): void {
    for (const chunk of chunks) this.#supply.remoteLacks(remote, chunk);
  }

  remoteLeft(remote: Remote, now: Instant): void {
    if (!this.#supply.remoteLeft(remote)) return;
    this.#silences.clear(remote);
    this.#rests.clear(remote);
    for (const asked of this.#asks.ofRemote(remote)) this.#drop(asked);
    this.fill(now);
  }

  /** The remote serves so many further requests. */
  unchoked(remote: Remote, requests: number, now: Instant): void {
    remote.allowance = Math.min(requestsPerUnchokeMax, remote.allowance + requests);
    this.#fillRemote(remote, now);
  }

  /** True when the ask was one of ours. */
  handleAnswer(fact: LinkFact & { type: 'answerReceived' }, reply: PeerReply | undefined, now: Instant): boolean {
    const { body, srttMs, kernelDrops } = fact;
    const asked = this.#asks.get(fact.ask);
    if (asked === undefined) return false;
    const { remote, chunk, bytes } = asked;
    this.#asks.remove(asked);
    remote.pipeline.answered(body.length, asked.at, srttMs, now);
    this.#watch(remote, now);
    if (reply?.type === 'chunkReply')
      this.#tally.times.answered({
        totalMs: msBetween(asked.at, now),
        senderMs: reply.waitedMs,
        senderDiskMs: reply.readMs,
        congestion: reply.congestion / 1_000,
        receiver: reply.receiver / 1_000,
        kernelDrops,
      });
    if (reply?.type !== 'chunkReply' || reply.chunk !== chunk || body.length !== bytes) {
      this.#budget.give(bytes);
      this.#release(chunk);
      this.#host.accuse(remote.peer, 'badReply');
      this.#tell('chunkDropped', remote, chunk);
    } else if (this.#held.has(chunk) || this.#writing.has(chunk)) {
      this.#budget.give(bytes);
      this.#tally.duplicate(bytes);
      this.#tell('chunkDropped', remote, chunk);
    } else this.#write(remote, chunk, body, now);
    this.#fillRemote(remote, now);
    return true;
  }

  /** True when the ask was one of ours. */
  handleAskFailed(ask: AskId, code: LinkCode, now: Instant): boolean {
    const asked = this.#asks.get(ask);
    if (asked === undefined) return false;
    const { remote, chunk } = asked;
    this.#drop(asked);
    this.#watch(remote, now);
    if (code === 'notFound') this.#supply.remoteLacks(remote, chunk);
    else if (code === 'tooLarge') this.#host.accuse(remote.peer, 'badReply');
    else if (code !== 'damaged') this.#rests.set(remote, after(now, restMs));
    this.fill(now);
    return true;
  }

  handleProgress(ask: AskId, bodyBytes: number, now: Instant): void {
    const asked = this.#asks.get(ask);
    if (asked === undefined) return;
    asked.arrivedBytes = bodyBytes;
    this.#watch(asked.remote, now);
  }

  /** The chunk is verified and on disk. Returns who sent it. */
  chunkStored(chunk: number): Remote | undefined {
    const writing = this.#endWriting(chunk);
    if (writing === undefined) return undefined;
    this.#supply.stored(chunk);
    return writing.from;
  }

  /** The chunk, which was not wanted, was here all the time. */
  chunkFound(chunk: number): void {
    this.#supply.take(chunk);
    this.#supply.stored(chunk);
  }

  /** The store has lost a chunk that it held. */
  chunkLost(chunk: number, now: Instant): void {
    this.#supply.lost(chunk);
    this.fill(now);
  }

  /** Something else is wanted from now on. */
  want(spans: readonly PrioritySpan[], now: Instant): void {
    this.#picker.want(spans);
    this.fill(now);
  }

  /** Somebody reads, and waits for the chunk at this place; undefined when it reads no more. */
  read(reader: number, place: ReadingPlace | undefined, now: Instant): void {
    this.#picker.read(reader, place);
    this.fill(now);
  }

  /** The chunk failed its check: its sender is accused. Returns who that was. */
  chunkDamaged(chunk: number): Remote | undefined {
    const writing = this.#endWriting(chunk);
    if (writing === undefined) return undefined;
    this.#tally.damaged(writing.from.tally, writing.bytes);
    this.#release(chunk);
    this.#host.accuse(writing.from.peer, 'badChunk');
    return writing.from;
  }

  /** The disk did not take the chunk: nothing is asked for until it is tried again. */
  writeFailed(chunk: number, code: ErrorCode, now: Instant): void {
    if (this.#endWriting(chunk) === undefined) return;
    this.#release(chunk);
    this.cancelAll();
    if (!this.isPaused) this.#host.emit({ type: 'paused', swarm: this.#swarm, code });
    this.#diskRetryAt = after(now, diskRetryMs);
  }

  /** Takes back every request. */
  cancelAll(): void {
    this.#cancelAll(this.#asks);
  }

  /** The swarm is left: takes back every request, and what is being written counts no longer. */
  close(): void {
    this.cancelAll();
    this.#budget.forget(this.#refill);
    for (const chunk of this.#writing.keys()) this.#endWriting(chunk);
  }

  /** Asks every remote that has room. */
  fill(now: Instant): void {
    for (const remote of this.#supply) this.#fillRemote(remote, now);
  }

  nextTimeout(): Instant {
    return earliest(this.#silences.next(), this.#rests.next(), this.#endgameAt, this.#diskRetryAt);
  }

  handleTimeout(now: Instant): void {
    for (let remote = this.#silences.pop(now); remote; remote = this.#silences.pop(now)) this.#silent(remote, now);
    for (let remote = this.#rests.pop(now); remote; remote = this.#rests.pop(now)) this.#fillRemote(remote, now);
    if (now >= this.#diskRetryAt) {
      this.#diskRetryAt = NEVER;
      this.#host.emit({ type: 'resumed', swarm: this.#swarm });
      this.fill(now);
    }
    if (now >= this.#endgameAt) {
      this.#endgameAt = NEVER;
      this.fill(now);
    }
  }

  #fillRemote(remote: Remote, now: Instant): void {
    if (this.isPaused || this.#rests.at(remote) !== NEVER) return;
    while (remote.pipeline.hasRoom(now)) {
      if (remote.allowance === 0 && remote.weAreInterested) return this.#giveBack(remote);
      const chunk = this.#next(remote, now);
      // With nothing to ask for: it hears again when there is something.
      if (chunk === undefined) return remote.allowance > 0 ? this.#giveBack(remote, false) : undefined;
      if (remote.allowance === 0) return this.#giveBack(remote, true);
      const bytes = this.#shape.sizeOfChunk(chunk);
      if (!this.#budget.allows(bytes, now, this.#refill)) return; // it calls when there is room
      remote.allowance -= 1;
      this.#ask(remote, chunk, bytes, now);
    }
  }

  /**
   * What the remote would serve it can serve others. A request that was taken back may never have reached it, so that it
   * waits for it: those are given back, too, when nothing else is due to it.
   */
  #giveBack(remote: Remote, interested = remote.weAreInterested): void {
    const takenBack = remote.pipeline.inFlight > 0 ? 0 : remote.takenBack;
    const declined = Math.min(requestsPerUnchokeMax, remote.allowance + takenBack);
    remote.allowance = 0;
    remote.takenBack -= takenBack;
    this.#tellInterest(remote, interested, declined);
  }

  #next(remote: Remote, now: Instant): number | undefined {
    const { hasReader, isPartial, size } = this.#picker;
    // An owner serves what it has not offered, too. That costs the others first copies, so it is asked only where it matters.
    const all = remote.isOffering ? this.#everything : remote.held!;
    const next = hasReader ? this.#nextToRead(remote, all, now) : undefined;
    if (next !== undefined) return next;
    if (remote.freeCount > 0) return this.#picker.pick(remote.held!);
    if (isPartial && remote.isOffering && size > 0) return this.#picker.pick(all);
    if (size > 0 || this.#asks.size === 0) return undefined;
    if (!this.#endgameTold) {
      this.#endgameTold = true;
      this.#host.emit({ type: 'endgameStarted', swarm: this.#swarm });
    }
    return this.#double(remote, now);
  }

  /** What a reader waits for: nobody is asked for it, or somebody slow is. */
  #nextToRead(remote: Remote, among: Bitfield, now: Instant): number | undefined {
    const chunk = this.#picker.pick(among, urgent);
    if (chunk !== undefined) return chunk;
    return this.#asks.size === 0 ? undefined : this.#double(remote, now, (asked) => this.#picker.isUrgent(asked));
  }

  /** A chunk that others are asked for already; they are looked over again in a moment. */
  #double(remote: Remote, now: Instant, counts?: (chunk: number) => boolean): number | undefined {
    if (this.#endgameAt === NEVER) this.#endgameAt = after(now, endgameStepMs);
    return chunkToDouble(remote, this.#asks, now, counts);
  }

  #ask(remote: Remote, chunk: number, bytes: number, now: Instant): void {
    const request = { type: 'chunkRequest', swarm: this.#swarm, chunk } as const;
    const ask = this.#host.ask(this.#swarm, remote.link, request, bytes);
    this.#supply.take(chunk);
    this.#budget.take(bytes, now);
    this.#asks.add({ ask, remote, chunk, bytes, at: now, arrivedBytes: 0, givenUp: false });
    remote.pipeline.asked(now);
    if (remote.pipeline.inFlight === 1) this.#watch(remote, now);
    this.#tell('chunkAsked', remote, chunk);
  }

  #write(from: Remote, chunk: number, body: Uint8Array, now: Instant): void {
    this.#supply.take(chunk);
    this.#tally.received(from.tally, body.length, now);
    this.#writing.set(chunk, { from, bytes: body.length });
    this.#cancelAll(this.#asks.ofChunk(chunk));
    this.#host.order({ type: 'writeChunk', swarm: this.#swarm, chunk, body });
  }

  #endWriting(chunk: number): Writing | undefined {
    const writing = this.#writing.get(chunk);
    if (writing === undefined) return undefined;
    this.#writing.delete(chunk);
    this.#budget.give(writing.bytes);
    return writing;
  }

  /**
   * Nothing came for the whole of the remote's patience: others are asked. After as long again, it is given back all that it
   * serves us, so that it is asked anew as soon as it says that it serves.
   */
  #silent(remote: Remote, now: Instant): void {
    if (remote.pipeline.inFlight === 0) return;
    if (remote.pipeline.snubbed) {
      for (const asked of this.#asks.ofRemote(remote)) this.#cancel(asked);
      this.#giveBack(remote);
      return this.#fillRemote(remote, now);
    }
    remote.pipeline.snubbed = true;
    this.#host.emit({ type: 'remoteSnubbed', swarm: this.#swarm, peer: remote.peer, address: remote.address });
    for (const asked of this.#asks.ofRemote(remote)) {
      asked.givenUp = true;
      this.#release(asked.chunk);
    }
    this.#watch(remote, now);
    this.fill(now);
  }

  /** The remote gave a sign of life, or is waited for anew. */
  #watch(remote: Remote, now: Instant): void {
    const { inFlight, patienceMs } = remote.pipeline;
    if (inFlight === 0) this.#silences.clear(remote);
    else this.#silences.set(remote, after(now, patienceMs));
  }

  #cancelAll(asks: Iterable<Asked>): void {
    for (const asked of asks) this.#cancel(asked);
  }

  #cancel(asked: Asked): void {
    this.#tally.wastedBytes += asked.arrivedBytes;
    this.#host.cancel(asked.remote.link, asked.ask);
    asked.remote.takenBack += 1;
    this.#drop(asked);
  }

  /** The request has ended without its chunk. */
  #drop(asked: Asked): void {
    this.#asks.remove(asked);
    asked.remote.pipeline.ended();
    this.#budget.give(asked.bytes);
    this.#release(asked.chunk);
    this.#tell('chunkDropped', asked.remote, asked.chunk);
  }

  #tell(type: 'chunkAsked' | 'chunkDropped', { peer }: Remote, chunk: number): void {
    this.#host.emit({ type, swarm: this.#swarm, chunk, from: peer });
  }

  /** The chunk may be asked for again, unless it is coming from elsewhere. */
  #release(chunk: number): void {
    if (this.#held.has(chunk) || this.#writing.has(chunk)) return;
    if (!this.#asks.ofChunk(chunk).some((asked) => !asked.givenUp)) this.#supply.release(chunk);
  }

  #tellInterest(remote: Remote, interested: boolean, declined = 0): void {
    if (interested === remote.weAreInterested && declined === 0) return;
    remote.weAreInterested = interested;
    this.#host.send(remote.link, { type: 'interest', swarm: this.#swarm, interested, declined });
  }
}
