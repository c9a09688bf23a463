// Serves chunks to remotes. Requests wait in a queue per remote; remotes take turns, so that nobody's long queue delays
// another's first chunk. Only as many answers are under way as our uplink needs to stay busy: a chunk can be passed on
// only when it is whole, so few quick answers spread it sooner than many slow ones. Who is served first under
// contention is `Turns`' choice alone.

import { after, type Bitfield, type Instant, NEVER, type RequestId } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import type { ContentShape } from '../content.ts';
import type { SwarmHost } from '../host.ts';
import type { Remote } from '../remote.ts';
import type { Tally } from '../tally.ts';
import type { FirstCopies } from './first-copies.ts';
import { Turns, type Waiting } from './turns.ts';
import { Uplink } from './uplink.ts';

const overdueMs = 3_000; // an answer under way so long no longer keeps others from a slot: its remote is slow

/** An answer under way. */
interface Service {
  readonly request: RequestId;
  readonly remote: Remote;
  readonly chunk: number;
  readonly bytes: number;
  readonly read: number;
  readonly startedAt: Instant;
  /** When the body was handed over; undefined while it is read. */
  sentAt: Instant | undefined;
}

export interface GivingOptions {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly tally: Tally;
  /** There for an owner that hands out first copies. */
  readonly firstCopies?: FirstCopies | undefined;
}

export class Giving {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #shape: ContentShape;
  readonly #held: Bitfield;
  readonly #tally: Tally;
  readonly #firstCopies: FirstCopies | undefined;
  readonly #turns = new Turns();
  readonly #services = new Map<RequestId, Service>();
  readonly #reads = new Map<number, Service>();
  readonly #uplink = new Uplink();
  #wakeAt: Instant = NEVER;
  readonly #resume = (now: Instant): void => this.#serve(now);

  constructor({ swarm, host, shape, held, tally, firstCopies }: GivingOptions) {
    this.#swarm = swarm;
    this.#host = host;
    this.#shape = shape;
    this.#held = held;
    this.#tally = tally;
    this.#firstCopies = firstCopies;
  }

  /** The remote asks for a chunk. */
  handleRequest(remote: Remote, request: RequestId, chunk: number, now: Instant): void {
    if (chunk >= this.#shape.chunkCount || !this.#held.has(chunk))
      return this.#host.refuse(remote.link, request, 'notFound');
    if (!this.#turns.add({ remote, request, chunk })) return this.#host.refuse(remote.link, request, 'busy');
    this.#firstCopies?.requested(remote, chunk, now);
    this.#serve(now);
  }

  /** The remote has the whole answer. */
  handleSent(request: RequestId, now: Instant): void {
    const service = this.#services.get(request);
    if (service?.sentAt === undefined) return;
    const { remote, chunk, bytes, sentAt } = service;
    this.#end(service);
    this.#uplink.arrived(remote, bytes, now - sentAt, now);
    this.#tally.sent(remote.tally, bytes, now);
    this.#firstCopies?.sent(remote, chunk, now);
    this.#serve(now);
  }

  handleCancelled(remote: Remote, request: RequestId, now: Instant): void {
    const waiting = this.#turns.cancel(remote, request);
    if (waiting !== undefined) this.#firstCopies?.stopped(remote, waiting.chunk, true, now);
    const service = this.#services.get(request);
    if (service !== undefined) this.#stop(service, now);
    this.#serve(now);
  }

  remoteLeft(remote: Remote, now: Instant): void {
    this.#turns.drop(remote);
    for (const service of this.#services.values()) if (service.remote === remote) this.#stop(service, now);
    this.#serve(now);
  }

  chunkRead(read: number, body: Uint8Array, now: Instant): void {
    const service = this.#reads.get(read);
    if (service === undefined) return;
    this.#reads.delete(read);
    service.sentAt = now;
    const reply = { type: 'chunkReply', chunk: service.chunk } as const;
    this.#host.answer(service.remote.link, service.request, reply, body);
  }

  /** The store could not give what it holds: the remote asks others. Returns the chunk. */
  readFailed(read: number, now: Instant): number | undefined {
    const service = this.#reads.get(read);
    if (service === undefined) return undefined;
    this.#host.refuse(service.remote.link, service.request, 'notFound');
    this.#stop(service, now);
    this.#serve(now);
    return service.chunk;
  }

  /** The swarm is left: whoever waits is told. */
  close(): void {
    this.#host.giveBudget.forget(this.#resume);
    for (const { remote, request } of this.#turns.takeAll()) this.#host.refuse(remote.link, request, 'notFound');
    for (const service of this.#services.values()) {
      this.#host.refuse(service.remote.link, service.request, 'notFound');
      this.#end(service);
    }
    this.#reads.clear();
  }

  nextTimeout(): Instant {
    return this.#wakeAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#wakeAt) return;
    this.#wakeAt = NEVER;
    this.#serve(now);
  }

  #serve(now: Instant): void {
    while (this.#underWay(now) < this.#uplink.slots(now)) {
      const next = this.#turns.peek();
      if (next === undefined) break;
      if (!this.#host.giveBudget.allows(this.#shape.sizeOfChunk(next.chunk), this.#resume)) break;
      this.#turns.take();
      this.#start(next, now);
    }
    this.#wakeAt = this.#turns.size > 0 ? after(now, overdueMs) : NEVER;
  }

  #start({ remote, request, chunk }: Waiting, now: Instant): void {
    const bytes = this.#shape.sizeOfChunk(chunk);
    const read = this.#host.nextRead();
    const service: Service = { request, remote, chunk, bytes, read, startedAt: now, sentAt: undefined };
    this.#host.giveBudget.take(bytes);
    this.#services.set(request, service);
    this.#reads.set(read, service);
    this.#firstCopies?.sending(remote, chunk, now);
    this.#host.order({ type: 'readChunk', swarm: this.#swarm, chunk, read });
  }

  /** Services are kept in the order in which they began, so the overdue ones come first. */
  #underWay(now: Instant): number {
    let count = this.#services.size;
    for (const { startedAt } of this.#services.values()) {
      if (now - startedAt <= overdueMs) break;
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
    this.#host.giveBudget.give(service.bytes);
  }
}
