// The real peer, a Session with a chunk store in memory, at a seat of the world. The store is its disk: it outlives
// restarts. A liar serves chunks with one byte changed.

import { type HashSuite, MemoryChunkStore } from '@shoal/chunker';
import {
  type Address,
  after,
  type Bitfield,
  type Instant,
  invariant,
  type LinkFact,
  type PeerId,
} from '@shoal/machine';
import {
  type ReadingPlace,
  Session,
  type SessionEvent,
  type SessionOutput,
  type StoreFact,
  type StoreOrder,
} from '@shoal/peer';
import { decode } from '@shoal/wire';
import type { SimContent } from './content.ts';
import type { Rates } from './fluid-medium.ts';
import type { Actor, Seat, World } from './world.ts';

export interface SimPeerOptions {
  readonly content: SimContent;
  readonly hashes: HashSuite;
  readonly rates: Rates;
  readonly trackers: readonly Address[];
  /** Has the content from the start, and brings it into the swarm. */
  readonly isOwner?: boolean;
  readonly lies?: boolean;
  /** How long the disk takes for a chunk. */
  readonly diskMs?: number;
  /** Told of every event, after the trace. */
  readonly onEvent?: (peer: SimPeer, event: SessionEvent) => void;
}

const goodbyeMs = 2_000; // longer than a session waits for its trackers when it stops

export class SimPeer implements Actor {
  readonly seat: Seat;
  readonly isHonest: boolean;
  readonly #world: World;
  readonly #options: SimPeerOptions;
  #store: MemoryChunkStore | undefined;
  #session: Session | undefined;
  #starts = 0;
  #isFrozen = false;
  #wastedBefore = 0;
  /** When each chunk that is not held was first asked for. */
  readonly #askedAt = new Map<number, Instant>();
  /** Who is linked. */
  readonly neighbours: Set<PeerId> = new Set();
  /** When it first had everything. */
  finishedAt: Instant | undefined;

  constructor(world: World, options: SimPeerOptions) {
    const { content, hashes, rates, isOwner = false, lies = false } = options;
    this.#world = world;
    this.#options = options;
    this.isHonest = !lies;
    this.seat = world.addSeat(rates);
    const { document, bytes } = content;
    if (isOwner) this.#store = new MemoryChunkStore({ document, hashes, content: bytes, keepReferences: true });
  }

  /** Whether it runs. */
  get isUp(): boolean {
    return this.#session !== undefined && !this.#isFrozen;
  }

  /** The chunks it holds; undefined before it knows the manifest. */
  get held(): Bitfield | undefined {
    return this.#session?.content(this.#options.content.document.swarmId)?.held;
  }

  /** Received for nothing so far, over all its runs. */
  get wastedBytes(): number {
    const report = this.#session?.report(this.#options.content.document.swarmId, this.#world.now);
    return this.#wastedBefore + (report?.wastedBytes ?? 0);
  }

  /** Whether somebody was asked for the chunk, which is not held. */
  isAwaiting(chunk: number): boolean {
    return this.#askedAt.has(chunk);
  }

  /** How long ago the chunk was first asked for; to be asked when it is held. */
  tookMs(chunk: number): number {
    return this.#world.now - (this.#askedAt.get(chunk) ?? this.#world.now);
  }

  /** What is on its disk; undefined before it knows the manifest. */
  get store(): MemoryChunkStore | undefined {
    return this.#store;
  }

  /** Begins, or begins again with what is on the disk. */
  start(): void {
    if (this.#session !== undefined) return;
    const { node, peer, address, rng } = this.seat;
    if (this.#starts > 0) this.#world.startNode(node);
    this.#starts += 1;
    const { hashes } = this.#options;
    const options = { peer, rng: rng.fork(`session ${this.#starts}`), hashes, listenPort: address.port };
    this.#session = new Session(options, this.#world.now);
    this.#world.setActor(node, this);
    this.#join();
  }

  /** Vanishes without a word, as by kill -9. */
  kill(): void {
    if (this.#session === undefined) return;
    this.#wastedBefore = this.wastedBytes;
    this.#session = undefined;
    this.neighbours.clear();
    this.#askedAt.clear();
    this.#world.stopNode(this.seat.node);
  }

  /** Does nothing any more, for good, though its links stay: a process that hangs, or a host without a network. */
  freeze(): void {
    this.#isFrozen = true;
    this.#world.setActor(this.seat.node, undefined);
    this.#world.network.setRates(this.seat.node, { upBytesPerSecond: 0, downBytesPerSecond: 0 });
  }

  /** Takes its leave, then goes. */
  leave(): void {
    const session = this.#session;
    this.#wastedBefore = this.wastedBytes;
    this.#tellAside((session, now) => session.stop(now));
    this.#world.at(after(this.#world.now, goodbyeMs), () => {
      if (this.#session === session) this.kill();
    });
  }

  /** Somebody reads what it fetches, and waits for the chunk at this place. */
  read(reader: number, place: ReadingPlace | undefined): void {
    this.#tell((session, now) => session.read(this.#options.content.document.swarmId, reader, place, now));
  }

  handleFact(fact: LinkFact): void {
    this.#tell((session, now) => session.handleLink(fact, now));
  }

  handleTimeout(): void {
    this.#tell((session, now) => session.handleTimeout(now));
  }

  nextTimeout(): Instant {
    invariant(this.#session !== undefined, 'a node that is down is not asked');
    return this.#session.nextTimeout();
  }

  #join(): void {
    const { content, trackers, isOwner = false } = this.#options;
    const { swarmId: swarm, manifest, layout: shape } = content.document;
    const { document } = content;
    const known = { swarm, name: manifest.name, trackers };
    this.#tellAside((session, now) => {
      if (isOwner)
        session.join({ ...known, document, content: { shape, held: this.#store!.held.clone() }, owner: true }, now);
      else session.join(this.#store === undefined ? known : { ...known, document }, now);
    });
  }

  #tell(call: (session: Session, now: Instant) => void): void {
    const session = this.#session;
    if (session === undefined || this.#isFrozen) return;
    call(session, this.#world.now);
    for (let output = session.poll(); output !== undefined; output = session.poll()) this.#perform(output);
  }

  /** Tells it something that does not come from the world. */
  #tellAside(call: (session: Session, now: Instant) => void): void {
    this.#tell(call);
    this.#world.rearm(this.seat.node);
  }

  #perform(output: SessionOutput): void {
    if (output.type === 'linkOrder') {
      if (output.order.type === 'ask') this.#noteAsked(output.order.request);
      return this.#world.perform(this.seat.node, output.order);
    }
    if (output.type === 'event') return this.#handleEvent(output.event);
    const fact = this.#carryOut(output.order);
    if (fact === undefined) return;
    const session = this.#session;
    this.#world.at(after(this.#world.now, this.#options.diskMs ?? 0), () => {
      if (this.#session === session) this.#tellAside((current, now) => current.handleStore(fact, now));
    });
  }

  #handleEvent(event: SessionEvent): void {
    this.#world.note(this.seat.node, JSON.stringify(event));
    if (event.type === 'completed') this.finishedAt ??= this.#world.now;
    else if (event.type === 'linkUp') this.neighbours.add(event.peer);
    else if (event.type === 'linkDown') this.neighbours.delete(event.peer);
    this.#options.onEvent?.(this, event);
    if (event.type === 'chunkHeld') this.#askedAt.delete(event.chunk);
  }

  #noteAsked(request: Uint8Array): void {
    const decoded = decode(request);
    if (!decoded.ok || decoded.message.type !== 'chunkRequest') return;
    const { chunk } = decoded.message;
    if (!this.#askedAt.has(chunk)) this.#askedAt.set(chunk, this.#world.now);
  }

  #carryOut(order: StoreOrder): StoreFact | undefined {
    const { swarm } = order;
    if (order.type === 'closeStore' || order.type === 'releaseBody') return undefined;
    if (order.type === 'openStore') return this.#open(order);
    const store = this.#store;
    invariant(store !== undefined, 'a store is opened before it is used');
    if (order.type === 'finishStore')
      return store.held.isFull ? { type: 'storeFinished', swarm } : { type: 'finishFailed', swarm, code: 'unfinished' };
    const { chunk } = order;
    if (order.type === 'writeChunk') {
      const outcome = store.writeNow(chunk, order.body);
      return { type: outcome === 'damaged' ? 'chunkDamaged' : 'chunkStored', swarm, chunk };
    }
    const body = store.readNow(chunk);
    if (body === undefined) return { type: 'readFailed', swarm, read: order.read, code: 'notFound' };
    return { type: 'chunkRead', swarm, read: order.read, body: this.isHonest ? body : damaged(body) };
  }

  #open({ swarm, document }: StoreOrder & { type: 'openStore' }): StoreFact {
    const { hashes } = this.#options;
    this.#store ??= new MemoryChunkStore({ document, hashes, keepReferences: true });
    return { type: 'storeOpened', swarm, shape: document.layout, held: this.#store.held.clone() };
  }
}

function damaged(body: Uint8Array): Uint8Array {
  const copy = body.slice();
  copy[copy.length >> 1]! ^= 1;
  return copy;
}
