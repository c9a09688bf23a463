// Serves chunks to remotes: who may ask is decided in `unchoking.ts`, how much at once in `uplink.ts`. Requests are
// answered in their order. Only as many answers are under way as our uplink needs to stay busy: a chunk can be passed on
// only when it is whole, so few quick answers spread it sooner than many slow ones.

import {
  after,
  type Bitfield,
  earliest,
  type Instant,
  msBetween,
  NEVER,
  type RequestId,
  type SendLimits,
  type Rng,
} from '@shoal/machine';
import { answerMsMax, type SwarmId } from '@shoal/wire';
import type { ByteBudget } from '../byte-budget.ts';
import type { ContentShape } from '../content.ts';
import type { SwarmHost } from '../host.ts';
import type { Remote } from '../remote.ts';
import type { Tally } from '../tally.ts';
import { FirstCopies } from './first-copies.ts';
import { Unchoking } from './unchoking.ts';
import { Uplink } from './uplink.ts';

const creditChunks = 4; // for a start; a swarm of thirty neighbours gives so many times thirty
const generosity = 64; // so many times what a remote gave us it may have of us: slow uplinks are no free riders

/** A request that waits. */
interface Waiting {
  readonly remote: Remote;
  readonly request: RequestId;
  readonly chunk: number;
  readonly askedAt: Instant;
  /** What the uplink had carried then, and what of it to this remote. */
  readonly arrivedBefore: number;
  readonly sentBefore: number;
  /** It has waited for our rate limit. */
  limited: boolean;
}

/** An answer under way. */
interface Service {
  readonly remote: Remote;
  readonly request: RequestId;
  readonly chunk: number;
  /** How long it waited for others, or for our rate limit. */
  readonly waitedMs: number;
  readonly bytes: number;
  readonly read: number;
  readonly startedAt: Instant;
  /** Undefined while it is read. */
  body: Uint8Array | undefined;
  /** When the body was handed over. */
  sentAt: Instant;
  /** What the uplink had carried then. */
  arrivedBefore: number;
}

export interface GivingOptions {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly tally: Tally;
  readonly budget: ByteBudget;
  /** Hands out disjoint first copies. */
  readonly owner: boolean;
  /** So many receivers are waited for. */
  readonly receivers: number | undefined;
}

export class Giving {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #shape: ContentShape;
  readonly #held: Bitfield;
  readonly #tally: Tally;
  readonly #budget: ByteBudget;
  readonly #firstCopies: FirstCopies | undefined;
  readonly #unchoking: Unchoking;
  #waiting: Waiting[] = [];
  readonly #services = new Map<RequestId, Service>();
  readonly #reads = new Map<number, Service>();
  readonly #uplink = new Uplink();
  #wakeAt: Instant = NEVER;
  readonly #resume = (now: Instant): void => this.#serve(now);

  constructor({ swarm, host, shape, held, tally, budget, owner, receivers }: GivingOptions) {
    this.#swarm = swarm;
    this.#host = host;
    this.#shape = shape;
    this.#held = held;
    this.#tally = tally;
    this.#budget = budget;
    const offer = (remote: Remote, chunk: number): void =>
      host.send(remote.link, { type: 'have', swarm, chunks: [chunk] });
    const rng = (): Rng => host.rng.fork(`first copies ${swarm}`);
    const firstCopies = owner ? new FirstCopies(shape, rng(), offer, receivers) : undefined;
    this.#firstCopies = firstCopies;
    this.#unchoking = new Unchoking({
      unchoke: (remote, requests) => host.send(remote.link, { type: 'unchoke', swarm, requests }),
      mayAsk: (remote, allowance, now) => firstCopies?.offer(remote, allowance, now) ?? true,
      deserves: ({ tally: { sentBytes, receivedBytes } }) =>
        held.isFull || sentBytes <= creditChunks * meanChunkBytes(shape) + generosity * receivedBytes,
      // Who has everything was given enough: now those have their turns who come late and have given nobody anything.
      gave: ({ tally }) => (held.isFull ? 0 : tally.receivedBytes),
      rank: firstCopies && ((remote) => firstCopies.unspread(remote)),
    });
  }

  /** What the remote holds is known, newly or afresh. */
  remoteHolds(remote: Remote, bits: Bitfield, now: Instant): void {
    if (remote.isOffering) return; // another owner: neither wants anything of the other
    this.#firstCopies?.remoteHolds(remote, bits, now);
    // It does not know what an owner could offer, and so cannot say that it wants it.
    if (this.#firstCopies !== undefined) this.interestTold(remote, true, 0, now);
  }

  remoteHas(remote: Remote, chunks: readonly number[], now: Instant): void {
    if (this.#firstCopies === undefined) return;
    this.#firstCopies.remoteHas(remote, chunks, now);
    if (remote.isComplete) this.#unchoking.setInterest(remote, false);
    this.#serve(now);
  }

  /** The remote would ask for something if it were unchoked, or has nothing to ask for now and gives back what it may ask. */
  interestTold(remote: Remote, interested: boolean, declined: number, now: Instant): void {
    this.#unchoking.giveBack(remote, declined);
    if (!interested) this.#firstCopies?.declined(remote, now);
    this.#unchoking.setInterest(remote, !remote.isComplete && (interested || this.#firstCopies !== undefined));
    this.#serve(now);
  }

  /** The remote asks for a chunk. */
  handleRequest(remote: Remote, request: RequestId, chunk: number, now: Instant): void {
    if (chunk >= this.#shape.chunkCount || !this.#held.has(chunk))
      return this.#host.refuse(remote.link, request, 'notFound');
    if (!this.#unchoking.use(remote)) return this.#host.refuse(remote.link, request, 'choked');
    const [arrivedBefore, sentBefore] = [this.#uplink.arrivedBytes, remote.tally.sentBytes];
    this.#waiting.push({ remote, request, chunk, askedAt: now, arrivedBefore, sentBefore, limited: false });
    this.#firstCopies?.requested(remote, chunk, now);
    this.#serve(now);
  }

  /** The remote has the whole answer. */
  handleSent(request: RequestId, limits: SendLimits | undefined, now: Instant): void {
    const service = this.#services.get(request);
    if (service?.body === undefined) return;
    const { remote, chunk, bytes, body, sentAt, arrivedBefore } = service;
    const full = this.#services.size >= this.#uplink.slots;
    this.#uplink.arrived(remote, bytes, now - sentAt, arrivedBefore, full);
    if (limits !== undefined) remote.lastLimits = thousandths(limits, now - sentAt);
    this.#end(service);
    this.#host.order({ type: 'releaseBody', swarm: this.#swarm, body });
    this.#uplink.madeRoom(this.#services.size, this.#waiting.length);
    this.#tally.sent(remote.tally, bytes, now);
    this.#firstCopies?.sent(remote, chunk, now);
    this.#serve(now);
  }

  handleCancelled(remote: Remote, request: RequestId, now: Instant): void {
    const waiting = this.#waiting.find((other) => other.request === request);
    if (waiting !== undefined) {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      this.#firstCopies?.stopped(remote, waiting.chunk, true, now);
    }
    const service = this.#services.get(request);
    if (service !== undefined) this.#stop(service, now);
    this.#serve(now);
  }

  remoteLeft(remote: Remote, now: Instant): void {
    this.#unchoking.remove(remote);
    this.#firstCopies?.remoteLeft(remote, now);
    this.#waiting = this.#waiting.filter((waiting) => waiting.remote !== remote);
    for (const service of this.#services.values()) if (service.remote === remote) this.#stop(service, now);
    this.#serve(now);
  }

  chunkRead(read: number, body: Uint8Array, now: Instant): void {
    const service = this.#reads.get(read);
    if (service === undefined) return;
    this.#reads.delete(read);
    service.body = body;
    service.sentAt = now;
    service.arrivedBefore = this.#uplink.arrivedBytes;
    const { chunk, waitedMs } = service;
    const readMs = answerMs(msBetween(service.startedAt, now));
    const { congestion, receiver } = service.remote.lastLimits;
    const reply = { type: 'chunkReply', chunk, waitedMs: answerMs(waitedMs), readMs, congestion, receiver } as const;
    this.#host.answer(service.remote.link, service.request, reply, body);
  }

  /** The store could not give what it holds: the remote, if it still waits, asks others. */
  readFailed(read: number, now: Instant): void {
    const service = this.#reads.get(read);
    if (service === undefined) return;
    this.#host.refuse(service.remote.link, service.request, 'notFound');
    this.#stop(service, now);
    this.#serve(now);
  }

  /** The swarm is left: whoever waits is told. */
  close(): void {
    this.#budget.forget(this.#resume);
    for (const { remote, request } of this.#waiting) this.#host.refuse(remote.link, request, 'notFound');
    this.#waiting = [];
    for (const service of this.#services.values()) {
      this.#host.refuse(service.remote.link, service.request, 'notFound');
      this.#end(service);
    }
    this.#reads.clear();
  }

  nextTimeout(): Instant {
    return earliest(this.#wakeAt, this.#unchoking.nextTimeout(), this.#firstCopies?.nextTimeout() ?? NEVER);
  }

  handleTimeout(now: Instant): void {
    if (now < this.nextTimeout()) return;
    this.#unchoking.handleTimeout(now);
    this.#firstCopies?.handleTimeout(now);
    this.#serve(now);
  }

  /** Starts answers while there are slots, and unchokes for those that will be free soon. */
  #serve(now: Instant): void {
    let free = this.#uplink.slots - this.#underWay(now);
    for (; free > 0 && this.#waiting.length > 0; free -= 1) {
      if (this.#budget.allows(this.#shape.sizeOfChunk(this.#waiting[0]!.chunk), now, this.#resume))
        this.#start(this.#waiting.shift()!, now);
      else {
        this.#waiting[0]!.limited = true;
        free = 0; // what waits already is all that it allows
      }
    }
    this.#wakeAt = this.#waiting.length > 0 ? after(now, this.#uplink.overdueMs) : NEVER;
    this.#unchoking.unchoke(free + this.#uplink.ahead - this.#waiting.length - this.#unchoking.expected, now);
  }

  #start(waiting: Waiting, now: Instant): void {
    const { remote, request, chunk } = waiting;
    const bytes = this.#shape.sizeOfChunk(chunk);
    const read = this.#host.nextRead();
    const service: Service = {
      request,
      remote,
      chunk,
      waitedMs: this.#waitedForOthers(waiting, now),
      bytes,
      read,
      startedAt: now,
      body: undefined,
      sentAt: now,
      arrivedBefore: 0,
    };
    this.#budget.take(bytes, now);
    this.#services.set(request, service);
    this.#reads.set(read, service);
    this.#firstCopies?.sending(remote, chunk, now);
    this.#host.order({ type: 'readChunk', swarm: this.#swarm, chunk, read });
  }

  /** What was carried to the remote itself meanwhile was its own doing. */
  #waitedForOthers({ remote, askedAt, arrivedBefore, sentBefore, limited }: Waiting, now: Instant): number {
    const carried = this.#uplink.arrivedBytes - arrivedBefore;
    const own = carried > 0 && !limited ? (remote.tally.sentBytes - sentBefore) / carried : 0;
    return carried > 0 || limited ? msBetween(askedAt, now) * (1 - own) : 0;
  }

  /** Services are kept in the order in which they began, so the overdue ones come first. */
  #underWay(now: Instant): number {
    let count = this.#services.size;
    for (const { startedAt } of this.#services.values()) {
      if (now - startedAt <= this.#uplink.overdueMs) break;
      count -= 1;
    }
    return count;
  }

  /** The service ends without its answer having arrived. */
  #stop(service: Service, now: Instant): void {
    this.#reads.delete(service.read);
    this.#end(service);
    this.#firstCopies?.stopped(service.remote, service.chunk, false, now);
  }

  #end(service: Service): void {
    this.#services.delete(service.request);
    this.#budget.give(service.bytes);
  }
}

function thousandths({ congestionMs, receiverMs }: SendLimits, ofMs: number): Remote['lastLimits'] {
  const part = (ms: number): number => Math.min(1_000, Math.round((1_000 * ms) / Math.max(1, ofMs)));
  return { congestion: part(congestionMs), receiver: part(receiverMs) };
}

const answerMs = (ms: number): number => Math.min(answerMsMax, Math.round(ms));
const meanChunkBytes = ({ totalBytes, chunkCount }: ContentShape): number => totalBytes / Math.max(1, chunkCount);
