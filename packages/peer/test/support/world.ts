// A small world in virtual time: peers (a Session each, with stores in memory) on a LinkNetwork whose uplinks are
// limited. Everything is drawn from the seed, and nothing sleeps.

import { fixedChunks, loadWasmHashes, makeDocument, type ManifestDocument, MemoryChunkStore } from '@shoal/chunker';
import {
  type Address,
  after,
  Bitfield,
  earliest,
  type ErrorCode,
  type Instant,
  instant,
  invariant,
  type LinkId,
  NEVER,
  type PeerId,
  peerId,
  type Rng,
  seededRng,
  Timers,
} from '@shoal/machine';
import { type Delivery, LinkNetwork } from '@shoal/machine/testing';
import { MemoryTracker } from '@shoal/tracker';
import { draftId, type DraftId, encode, type Message } from '@shoal/wire';
import {
  type JoinOptions,
  type RateLimits,
  Session,
  type SessionEvent,
  type StoreFact,
  type StoreOrder,
  type SwarmReport,
  swarmOfDraft,
} from '../../src/index.ts';

const hashes = await loadWasmHashes();

/** A file-set of random bytes. */
export interface Content {
  readonly document: ManifestDocument;
  readonly bytes: Uint8Array;
}

export function makeContent(totalBytes: number, chunkBytes: number, rng: Rng): Content {
  const bytes = rng.bytes(totalBytes);
  const digests = new Uint8Array(Math.ceil(totalBytes / chunkBytes) * 32);
  for (let chunk = 0; chunk * chunkBytes < totalBytes; chunk += 1)
    digests.set(hashes.blake3.digest(bytes.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes)), chunk * 32);
  const files = [{ path: 'a.bin', bytes: totalBytes, executable: false }];
  const made = makeDocument(
    { kind: 'file', name: 'a.bin', hash: 'blake3', chunking: fixedChunks(chunkBytes), files, emptyFolders: [] },
    { digests },
    hashes,
  );
  invariant(made.ok, 'the content can be described');
  return { document: made.value, bytes };
}

export interface WorldOptions {
  readonly seed: string;
  /** From node to node, one way. */
  readonly latencyMs?: number;
}

export interface PeerOptions {
  readonly upBytesPerMs?: number;
  /** What it does to a chunk before it is given away. */
  readonly corrupt?: (body: Uint8Array) => Uint8Array;
  /** How long reading or writing a chunk takes. */
  readonly diskMs?: number;
  readonly fetchBytesMax?: number;
  /** Over all its swarms. */
  readonly limits?: RateLimits;
}

/** One at a time, in order. Downlinks are never the limit here: most people's are wider. */
interface Uplink {
  bytesPerMs: number;
  freeAt: number;
}

const draftIdOf = ({ layout }: ManifestDocument): DraftId =>
  draftId({ name: 'a.bin', bytes: layout.totalBytes, chunkBytes: layout.sizeOfChunk(0) })!;

/** A node that is no peer, such as a tracker or somebody who behaves badly. */
export type Stranger = (delivery: Delivery, now: Instant) => void;

export class World {
  now: Instant = instant(0);
  readonly rng: Rng;
  readonly network: LinkNetwork;
  readonly peers: Peer[] = [];
  readonly #latencyMs: number;
  readonly #uplinks: Uplink[] = [];
  readonly #handlers: ((delivery: Delivery, now: Instant) => void)[] = [];
  readonly #later = new Timers<() => void>();
  /** Nodes that do not react, though their links stay up, and what has come for them meanwhile. */
  readonly #frozen = new Map<number, Delivery[]>();

  constructor({ seed, latencyMs = 5 }: WorldOptions) {
    this.rng = seededRng(seed);
    this.#latencyMs = latencyMs;
    this.network = new LinkNetwork((from, to, bytes, now, kind) => this.#carry(from, to, bytes, now, kind));
  }

  addPeer(options: PeerOptions = {}): Peer {
    const identity = this.addNode(options, (delivery) => peer.handle(delivery));
    const peer: Peer = new Peer(this, identity, options);
    this.peers.push(peer);
    return peer;
  }

  /** The same person, started anew at another address, with nothing stored. */
  movePeer({ peer: id }: Peer, options: PeerOptions = {}): Peer {
    const identity = this.addNode(options, (delivery) => peer.handle(delivery), id);
    const peer: Peer = new Peer(this, identity, options);
    this.peers.push(peer);
    return peer;
  }

  addNode({ upBytesPerMs = Infinity }: PeerOptions, handle: Stranger, person?: PeerId): Identity {
    const address = { host: `10.0.${this.#uplinks.length >> 8}.${this.#uplinks.length & 255}`, port: 4000 };
    const id = person ?? peerId([...this.rng.bytes(32)].map((byte) => byte.toString(16).padStart(2, '0')).join(''))!;
    this.#uplinks.push({ bytesPerMs: upBytesPerMs, freeAt: 0 });
    this.#handlers.push(handle);
    return { node: this.network.addNode(address, id), address, peer: id };
  }

  /** A tracker that can be stopped, and started anew with an empty table. */
  addTracker(): Identity & { stop(): void; start(): void } {
    const newTracker = (): MemoryTracker => new MemoryTracker({ rng: this.rng.fork('tracker') });
    let tracker = newTracker();
    const act = (call: () => void): void => {
      call();
      for (let output = tracker.poll(); output !== undefined; output = tracker.poll())
        if (output.type === 'linkOrder') this.network.perform(identity.node, output.order, this.now);
    };
    const identity = this.addNode({}, ({ fact }) => act(() => tracker.handleFact(fact, this.now)));
    const tick = (): void => {
      act(() => tracker.handleTimeout(this.now));
      this.later(1_000, tick);
    };
    this.later(1_000, tick);
    const stop = (): void => this.network.stopNode(identity.node, this.now);
    const start = (): void => {
      tracker = newTracker();
      this.network.startNode(identity.node);
    };
    return { ...identity, stop, start };
  }

  /** As by SIGSTOP. */
  freeze({ node }: Identity): void {
    if (!this.#frozen.has(node)) this.#frozen.set(node, []);
  }

  /** As by SIGCONT: it finds all that has come. */
  thaw({ node }: Identity): void {
    const waiting = this.#frozen.get(node) ?? [];
    this.#frozen.delete(node);
    for (const delivery of waiting) this.#handlers[node]!(delivery, this.now);
  }

  isFrozen(node: number): boolean {
    return this.#frozen.has(node);
  }

  /** A word from one peer to another that its session would not say. */
  say(from: Peer, to: Peer, message: Message): void {
    const fact = { type: 'messageReceived', link: to.linkTo(from), message: encode(message) } as const;
    to.handle({ node: to.node, fact });
  }

  setUplink(node: number, bytesPerMs: number): void {
    this.#uplinks[node]!.bytesPerMs = bytesPerMs;
  }

  later(ms: number, act: () => void): void {
    this.#later.set(() => act(), after(this.now, ms));
  }

  /** Lets time pass until `done` holds; fails after `limitMs` of virtual time, or when nothing is left to happen. */
  runUntil(done: () => boolean, limitMs: number): void {
    const end = after(this.now, limitMs);
    while (!done()) {
      const next = this.#next();
      invariant(next <= end, `not done within ${limitMs} ms (at ${this.now}, next ${next}): ${this.#describe()}`);
      this.#step(next);
    }
  }

  run(ms: number): void {
    const end = after(this.now, ms);
    for (let next = this.#next(); next <= end; next = this.#next()) this.#step(next);
    this.now = end;
  }

  #describe(): string {
    return this.peers.map((peer) => `${peer.name} ${peer.isDone ? 'done' : peer.heldCount}`).join(', ');
  }

  #next(): Instant {
    const peers = this.peers.map((peer) => peer.nextTimeout());
    return earliest(this.network.nextTimeout(), this.#later.next(), ...peers);
  }

  #step(at: Instant): void {
    this.now = instant(Math.max(this.now, at));
    this.network.handleTimeout(this.now);
    this.#deliver();
    for (let act = this.#later.pop(this.now); act !== undefined; act = this.#later.pop(this.now)) act();
    for (const peer of this.peers) if (peer.nextTimeout() <= this.now) peer.tick();
    this.#deliver();
  }

  #deliver(): void {
    for (let delivery = this.network.poll(); delivery !== undefined; delivery = this.network.poll()) {
      const frozen = this.#frozen.get(delivery.node);
      if (frozen === undefined) this.#handlers[delivery.node]!(delivery, this.now);
      else frozen.push(delivery);
    }
  }

  #carry(from: number, _to: number, bytes: number, now: Instant, kind: 'message' | 'body'): Instant {
    if (kind === 'message') return after(now, this.#latencyMs);
    const uplink = this.#uplinks[from]!;
    uplink.freeAt = Math.max(now, uplink.freeAt) + bytes / uplink.bytesPerMs;
    return instant(uplink.freeAt + this.#latencyMs);
  }
}

export interface Identity {
  readonly node: number;
  readonly address: Address;
  readonly peer: PeerId;
}

/** One peer: a session, and its stores in memory, which outlive it. */
export class Peer implements Identity {
  readonly node: number;
  readonly address: Address;
  readonly peer: PeerId;
  readonly name: string;
  readonly events: SessionEvent[] = [];
  readonly completed = new Set<string>();
  session: Session;
  /** Set to make writes fail so. */
  diskTrouble: ErrorCode | undefined;
  readonly #links = new Map<PeerId, LinkId>();
  isUp = true;
  writesUnderWay = 0;
  /** Chunks that no longer verify when they are read. */
  readonly rotten = new Set<number>();
  doneAt: Instant | undefined;
  readonly #world: World;
  readonly #options: PeerOptions;
  readonly #stores = new Map<string, MemoryChunkStore>();
  #runs = 0;

  constructor(world: World, identity: Identity, options: PeerOptions) {
    ({ node: this.node, address: this.address, peer: this.peer } = identity);
    this.#world = world;
    this.#options = options;
    this.name = `peer ${this.node}`;
    this.session = this.#newSession();
  }

  get isDone(): boolean {
    return this.doneAt !== undefined;
  }

  get heldCount(): number {
    return [...this.#stores.values()].reduce((sum, store) => sum + store.held.count, 0);
  }

  share({ document, bytes }: Content, options: Partial<JoinOptions> = {}): void {
    this.#stores.set(
      document.swarmId,
      new MemoryChunkStore({ document, hashes, content: bytes, keepReferences: true }),
    );
    this.tell((session, now) => {
      const held = Bitfield.full(document.layout.chunkCount);
      const content = { shape: document.layout, held };
      const known = { swarm: document.swarmId, name: 'a.bin', document };
      session.join({ ...known, content, owner: true, ...options }, now);
    });
  }

  get({ document }: Content, from: readonly Identity[], options: Partial<JoinOptions> = {}): void {
    const peers = from.map(({ address, peer }) => ({ address, peer }));
    this.tell((session, now) => session.join({ swarm: document.swarmId, name: 'a.bin', peers, ...options }, now));
  }

  /** Has these chunks of content that nobody has a manifest of. */
  gather({ document, bytes }: Content, have: readonly number[], options: Partial<JoinOptions> = {}): void {
    const { layout, digests } = document;
    const store = new MemoryChunkStore({ document, hashes, keepReferences: true });
    const claimed = new Bitfield(layout.chunkCount);
    for (const chunk of have) {
      const start = layout.chunkStart(chunk);
      store.writeNow(chunk, bytes.subarray(start, start + layout.sizeOfChunk(chunk)));
      claimed.set(chunk);
    }
    const id = draftIdOf(document);
    const swarm = swarmOfDraft(id, hashes);
    this.#stores.set(swarm, store);
    const content = { shape: layout, held: new Bitfield(layout.chunkCount) };
    const draft = { id, claimed, hashes: digests.slice() };
    this.tell((session, now) => session.join({ swarm, name: 'a.bin', draft, content, ...options }, now));
  }

  /** Learns that peers agree on these chunks of a draft. */
  agree({ document }: Content, chunks: readonly number[]): void {
    const swarm = swarmOfDraft(draftIdOf(document), hashes);
    const agreed = new Bitfield(document.layout.chunkCount);
    for (const chunk of chunks) agreed.set(chunk);
    const here = chunks.filter((chunk) => this.#stores.get(swarm)!.held.has(chunk));
    this.tell((session, now) => session.agree(swarm, agreed, here, now));
  }

  /** What it serves of a draft. */
  servedOf({ document }: Content): number[] {
    return [...this.session.content(swarmOfDraft(draftIdOf(document), hashes))!.held.ones()];
  }

  leave({ document }: Content): void {
    this.tell((session, now) => session.leave(document.swarmId, now));
  }

  /** Says goodbye to everybody. */
  stop(): void {
    this.tell((session, now) => session.stop(now));
  }

  /** Vanishes without a word, as by kill -9. What it stored stays. */
  kill(): void {
    this.isUp = false;
    this.#world.network.stopNode(this.node, this.#world.now);
  }

  restart(): void {
    this.isUp = true;
    this.doneAt = undefined;
    this.#world.network.startNode(this.node);
    this.session = this.#newSession();
  }

  report({ document }: Content): SwarmReport {
    const report = this.session.report(document.swarmId, this.#world.now);
    invariant(report !== undefined, 'the peer is in the swarm');
    return report;
  }

  /** Whether what it holds is the content. */
  hasAll({ document }: Content): boolean {
    return this.#stores.get(document.swarmId)?.held.isFull === true;
  }

  /** Whether it knows the manifest. */
  isOpen({ document }: Content): boolean {
    return this.session.content(document.swarmId) !== undefined;
  }

  linkTo({ peer }: Identity): LinkId {
    return this.#links.get(peer)!;
  }

  eventsOf<Type extends SessionEvent['type']>(type: Type): Extract<SessionEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type);
  }

  handle({ fact }: Delivery): void {
    if (!this.isUp) return;
    if (fact.type === 'linkOpened') this.#links.set(fact.peer, fact.link);
    this.tell((session, now) => session.handleLink(fact, now));
  }

  nextTimeout(): Instant {
    return this.isUp && !this.#world.isFrozen(this.node) ? this.session.nextTimeout() : NEVER;
  }

  tick(): void {
    this.tell((session, now) => session.handleTimeout(now));
  }

  #newSession(): Session {
    this.#runs += 1;
    const { peer, address } = this;
    const rng = this.#world.rng.fork(`${peer} ${this.#runs}`);
    const { fetchBytesMax, limits } = this.#options;
    const own = { ...(fetchBytesMax === undefined ? {} : { fetchBytesMax }), ...(limits && { limits }) };
    return new Session({ peer, rng, hashes, listenPort: address.port, ...own }, this.#world.now);
  }

  /** Tells its session something. */
  tell(call: (session: Session, now: Instant) => void): void {
    call(this.session, this.#world.now);
    for (let output = this.session.poll(); output !== undefined; output = this.session.poll()) {
      if (output.type === 'linkOrder') this.#world.network.perform(this.node, output.order, this.#world.now);
      else if (output.type === 'storeOrder') this.#store(output.order);
      else this.#note(output.event);
    }
  }

  #note(event: SessionEvent): void {
    this.events.push(event);
    if (event.type !== 'completed') return;
    this.doneAt = this.#world.now;
    this.completed.add(event.swarm);
  }

  #store(order: StoreOrder): void {
    const session = this.session;
    const fact = this.#carryOut(order);
    if (fact === undefined) return;
    if (order.type === 'writeChunk') this.writesUnderWay += 1;
    this.#world.later(this.#options.diskMs ?? 0, () => {
      if (order.type === 'writeChunk') this.writesUnderWay -= 1;
      if (this.session === session && this.isUp) this.tell((session, now) => session.handleStore(fact, now));
    });
  }

  #carryOut(order: StoreOrder): StoreFact | undefined {
    const { swarm } = order;
    if (order.type === 'closeStore' || order.type === 'releaseBody') return undefined;
    if (order.type === 'openStore') return this.#open(order);
    const store = this.#stores.get(swarm)!;
    if (order.type === 'finishStore') return { type: 'storeFinished', swarm };
    const { chunk } = order;
    if (order.type === 'readChunk') {
      const body = this.rotten.has(chunk) ? undefined : store.readNow(chunk);
      if (this.rotten.delete(chunk)) this.#forget(swarm, chunk);
      if (body === undefined) return { type: 'readFailed', swarm, chunk, read: order.read, code: 'notFound' };
      return { type: 'chunkRead', swarm, read: order.read, body: this.#options.corrupt?.(body) ?? body };
    }
    if (this.diskTrouble !== undefined) return { type: 'writeFailed', swarm, chunk, code: this.diskTrouble };
    const outcome = store.writeNow(chunk, order.body);
    return { type: outcome === 'damaged' ? 'chunkDamaged' : 'chunkStored', swarm, chunk };
  }

  /** A store without that chunk takes the place of the one that lost it. */
  #forget(swarm: string, lost: number): void {
    const old = this.#stores.get(swarm)!;
    const store = new MemoryChunkStore({ document: old.document, hashes, keepReferences: true });
    for (const chunk of old.held.ones()) if (chunk !== lost) store.writeNow(chunk, old.readNow(chunk)!);
    this.#stores.set(swarm, store);
  }

  #open({ swarm, document }: StoreOrder & { type: 'openStore' }): StoreFact {
    const store = this.#stores.get(swarm) ?? new MemoryChunkStore({ document, hashes, keepReferences: true });
    this.#stores.set(swarm, store);
    return { type: 'storeOpened', swarm, shape: store.document.layout, held: store.held.clone() };
  }
}
