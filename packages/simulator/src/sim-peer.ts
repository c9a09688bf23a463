// The real peer, a Session with its disk, at a seat of the world. A liar serves chunks with one byte changed.

import type { HashSuite, MemoryChunkStore } from '@shoal/chunker';
import {
  type Address,
  after,
  type Bitfield,
  type Instant,
  invariant,
  type LinkFact,
  NEVER,
  type PeerId,
} from '@shoal/machine';
import {
  type FixedNeighbours,
  type PolicyName,
  type ReadingPlace,
  Session,
  type SessionEvent,
  type SessionOutput,
  type StoreFact,
  type StoreOrder,
  type SwarmReport,
} from '@shoal/peer';
import type { SimContent } from './content.ts';
import type { Rates } from './fluid-medium.ts';
import { SimDisk } from './sim-disk.ts';
import type { Actor, Seat, World } from './world.ts';

export interface SimPeerOptions {
  readonly content: SimContent;
  readonly hashes: HashSuite;
  readonly rates: Rates;
  readonly trackers: readonly Address[];
  /** Has the content from the start, and brings it into the swarm. */
  readonly isOwner?: boolean;
  /** Whether an owner gives each receiver other chunks first, as owners do unless told otherwise. */
  readonly handsOutFirstCopies?: boolean;
  readonly policy?: PolicyName;
  /** Asked when it joins, by when all have their seats. */
  readonly neighbours?: () => FixedNeighbours | undefined;
  readonly lies?: boolean;
  /** Takes, and gives next to nothing. */
  readonly rides?: boolean;
  /** How long the disk takes for a chunk. */
  readonly diskMs?: number;
  /** Told of every event, after the trace. */
  readonly onEvent?: (peer: SimPeer, event: SessionEvent) => void;
}

type Call = (session: Session, now: Instant) => void;

const goodbyeMs = 2_000; // longer than a session waits for its trackers when it stops

export class SimPeer implements Actor {
  readonly seat: Seat;
  readonly isHonest: boolean;
  readonly #world: World;
  readonly #options: SimPeerOptions;
  readonly disk: SimDisk;
  #session: Session | undefined;
  #starts = 0;
  #isFrozen = false;
  /** What it was not told since it was paused. */
  #missed: Call[] | undefined;
  #wastedBefore = 0;
  /** When each chunk that is not held was first asked for. */
  readonly #askedAt = new Map<number, Instant>();
  /** Who is linked. */
  readonly neighbours: Set<PeerId> = new Set();
  /** When it first had everything. */
  finishedAt: Instant | undefined;

  constructor(world: World, options: SimPeerOptions) {
    const { content, hashes, rates, isOwner = false, lies = false, diskMs = 0 } = options;
    this.#world = world;
    this.#options = options;
    this.isHonest = !lies;
    this.seat = world.addSeat(rates);
    const rng = this.seat.rng.fork('disk');
    this.disk = new SimDisk({ content, hashes, rng, isFilled: isOwner, delayMs: diskMs });
  }

  /** Whether it runs. */
  get isUp(): boolean {
    return this.#session !== undefined && !this.#isFrozen;
  }

  /** The chunks it holds; undefined before it knows the manifest. */
  get held(): Bitfield | undefined {
    return this.#session?.content(this.#options.content.document.swarmId)?.held;
  }

  /** What became of its swarm so far; undefined while it is down. */
  get report(): SwarmReport | undefined {
    return this.#session?.report(this.#options.content.document.swarmId, this.#world.now);
  }

  /** Received for nothing so far, over all its runs. */
  get wastedBytes(): number {
    return this.#wastedBefore + (this.report?.wastedBytes ?? 0);
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
    return this.disk.store;
  }

  /** Begins, or begins again with what is on the disk. */
  start(): void {
    if (this.#session !== undefined) return;
    const { node, peer, address, rng } = this.seat;
    if (this.#starts > 0) this.#world.startNode(node);
    this.#starts += 1;
    const { hashes, rides = false } = this.#options;
    const limits = rides ? { limits: { upBytesPerSecondMax: 1 } } : {};
    const options = { ...limits, peer, rng: rng.fork(`session ${this.#starts}`), hashes, listenPort: address.port };
    this.#session = new Session(options, this.#world.now);
    this.#world.setActor(node, this);
    this.#join();
  }

  /** Vanishes without a word, as by kill -9. */
  kill(): void {
    if (this.#session === undefined) return;
    this.#wastedBefore = this.wastedBytes;
    this.#session = undefined;
    this.#missed = undefined;
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

  /** Stands still with all it has, as a laptop whose lid is closed, while its clock goes on. */
  pause(): void {
    if (!this.isUp || this.#missed !== undefined) return;
    this.#missed = [];
    this.#world.rearm(this.seat.node);
  }

  /** Everything that has come meanwhile comes at once. */
  resume(): void {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    for (const call of missed) this.#tell(call);
    if (this.isUp) this.#world.rearm(this.seat.node);
  }

  /** Stays until nobody would miss what it has, then goes. */
  leaveWhenSpread(): void {
    this.#tellAside((session, now) => session.wishToLeave(this.#options.content.document.swarmId, Infinity, now));
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
    this.#tellAside((session, now) => session.read(this.#options.content.document.swarmId, reader, place, now));
  }

  handleFact(fact: LinkFact): void {
    this.#tell((session, now) => session.handleLink(fact, now));
  }

  handleTimeout(): void {
    this.#tell((session, now) => session.handleTimeout(now));
  }

  nextTimeout(): Instant {
    invariant(this.#session !== undefined, 'a node that is down is not asked');
    if (this.#missed !== undefined) return NEVER;
    return this.#session.nextTimeout();
  }

  #join(): void {
    const { content, trackers, isOwner = false, handsOutFirstCopies = true, policy, neighbours } = this.#options;
    const { swarmId: swarm, manifest, layout: shape } = content.document;
    const { document } = content;
    const known = { swarm, name: manifest.name, trackers, policy, neighbours: neighbours?.() };
    this.#tellAside((session, now) => {
      const full = (): Bitfield => this.store!.held.clone();
      if (isOwner)
        session.join({ ...known, document, content: { shape, held: full() }, owner: handsOutFirstCopies }, now);
      else session.join(this.store === undefined ? known : { ...known, document }, now);
    });
  }

  #tell(call: Call): void {
    const session = this.#session;
    if (session === undefined || this.#isFrozen) return;
    if (this.#missed !== undefined) return void this.#missed.push(call);
    call(session, this.#world.now);
    for (let output = session.poll(); output !== undefined; output = session.poll()) this.#perform(output);
  }

  /** Tells it something that does not come from the world. */
  #tellAside(call: Call): void {
    this.#tell(call);
    this.#world.rearm(this.seat.node);
  }

  #perform(output: SessionOutput): void {
    if (output.type === 'linkOrder') return this.#world.perform(this.seat.node, output.order);
    if (output.type === 'event') return this.#handleEvent(output.event);
    this.#order(output.order);
  }

  #order(order: StoreOrder): void {
    const halfMs = this.disk.delayMs / 2;
    if (halfMs === 0) return this.#answer(this.disk.carryOut(order), 0);
    this.#later(halfMs, () => this.#answer(this.disk.carryOut(order), halfMs));
  }

  #answer(fact: StoreFact | undefined, inMs: number): void {
    if (fact === undefined) return;
    const told = fact.type === 'chunkRead' && !this.isHonest ? { ...fact, body: damaged(fact.body) } : fact;
    this.#later(inMs, () => this.#tellAside((session, now) => session.handleStore(told, now)));
  }

  /** Unless it was killed meanwhile. */
  #later(ms: number, act: () => void): void {
    const session = this.#session;
    this.#world.atNode(this.seat.node, after(this.#world.now, ms), () => {
      if (this.#session === session) act();
    });
  }

  #handleEvent(event: SessionEvent): void {
    // Requests are in the trace as messages.
    if (event.type !== 'chunkAsked' && event.type !== 'chunkDropped')
      this.#world.note(this.seat.node, JSON.stringify(event));
    if (event.type === 'chunkAsked' && !this.#askedAt.has(event.chunk)) this.#askedAt.set(event.chunk, this.#world.now);
    if (event.type === 'completed') this.finishedAt ??= this.#world.now;
    else if (event.type === 'linkUp') this.neighbours.add(event.peer);
    else if (event.type === 'linkDown') this.neighbours.delete(event.peer);
    this.#options.onEvent?.(this, event);
    if (event.type === 'chunkHeld') this.#askedAt.delete(event.chunk);
  }
}

function damaged(body: Uint8Array): Uint8Array {
  const copy = body.slice();
  copy[copy.length >> 1]! ^= 1;
  return copy;
}
