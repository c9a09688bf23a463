// The whole peer as one machine: it owns the links and the swarms. Facts of the carrier and of the stores and commands
// of the user come in; orders for both and events go out. It decides whose each fact is, and leaves the rest to the
// swarm, the tracker client or the mesh of links that it belongs to; what remotes say is delivered in delivery.ts.

import { pureHashes } from '@shoal/chunker';
import {
  assertNever,
  Bitfield,
  earliest,
  type ErrorCode,
  type Instant,
  type LinkCode,
  type LinkFact,
  LinkNumbers,
  type LinkOrder,
  type Machine,
  NEVER,
  Outbox,
  type PeerId,
} from '@shoal/machine';
import type { TrackerClientEvent } from '@shoal/tracker';
import { isDraft, type PeerContact, type SwarmId } from '@shoal/wire';
import type { ContentShape } from './content.ts';
import { Delivery } from './delivery.ts';
import type { SessionEvent } from './events.ts';
import { Exchanges } from './exchanges.ts';
import type { GatheringOptions } from './gathering.ts';
import { Gatherings } from './gatherings.ts';
import type { SwarmHost } from './host.ts';
import { type JoinOptions, sourcesOf } from './join-options.ts';
import { Mesh } from './links/mesh.ts';
import type { Neighbour } from './links/neighbours.ts';
import type { PrioritySpan, ReadingPlace } from './picking/demand.ts';
import type { SwarmPicture } from './picture.ts';
import { budgetsOf, type SessionOptions } from './session-options.ts';
import type { StoreFact, StoreOrder } from './store-orders.ts';
import { Swarm } from './swarm.ts';
import type { SwarmReport } from './tally.ts';
import { Trackers } from './trackers.ts';

const fewLinks = 8; // who is refused as one too many and has fewer looks for other peers at once
const agentDefault = 'shoal';

export type SessionOutput =
  | { readonly type: 'linkOrder'; readonly order: LinkOrder }
  | { readonly type: 'storeOrder'; readonly order: StoreOrder }
  | { readonly type: 'event'; readonly event: SessionEvent };

export class Session implements Machine<SessionOutput> {
  readonly #out = new Outbox<SessionOutput>();
  readonly #gatherings = new Gatherings();
  readonly #exchanges: Exchanges;
  readonly #numbers: LinkNumbers;
  readonly #mesh: Mesh;
  readonly #delivery: Delivery;
  readonly #trackers: Trackers;
  readonly #host: SwarmHost;
  readonly #self: PeerId;
  /** What a call has led to and must not happen within it. */
  #afterwards: ((now: Instant) => void)[] = [];
  #now: Instant;
  #reads = 0;
  /** Trackers that have not said goodbye; undefined while we go on. */
  #goodbyes: number | undefined;

  constructor(options: SessionOptions, now: Instant) {
    this.#now = now;
    this.#self = options.peer;
    this.#numbers = options.numbers ?? new LinkNumbers();
    this.#exchanges = new Exchanges(this.#numbers, (order) => this.#link(order));
    this.#mesh = this.#newMesh(options);
    this.#delivery = new Delivery({
      gatherings: this.#gatherings,
      exchanges: this.#exchanges,
      mesh: this.#mesh,
      perform: (order) => this.#link(order),
    });
    this.#trackers = new Trackers({
      numbers: this.#numbers,
      rng: options.rng.fork('trackers'),
      perform: (order) => this.#link(order),
      tell: (event) => this.#handleTracker(event),
    });
    if (options.listenPort !== undefined) this.#trackers.setListenPort(options.listenPort, now);
    this.#host = this.#newHost(options);
  }

  /** Takes part in a swarm. Joining again adds trackers and peers. */
  join(options: JoinOptions, now: Instant): void {
    this.#now = now;
    const { swarm } = options;
    const { trackers, peers } = sourcesOf(options);
    const known = this.#gatherings.swarm(swarm);
    this.#trackers.find(options.draft?.id ?? swarm, trackers, now);
    if (known?.content !== undefined && trackers.length > 0) this.#offer(known);
    if (known === undefined) {
      // A swarm whose store is open speaks while it is made: it must be found by then.
      const joined = new Swarm({ ...options, host: this.#host }, now);
      this.#gatherings.add(joined);
      if (joined.content !== undefined) this.#offer(joined);
      this.#delivery.welcome(joined, now);
    }
    this.#mesh.found(swarm, peers, now, { given: true });
    this.#settle(now);
  }

  /** Emits `mayLeave` when all that is held of the swarm is with others who stay, after `withinMs` at the latest. */
  wishToLeave(swarm: SwarmId, withinMs: number, now: Instant): void {
    this.#tell(swarm, now, (known) => known.wishToLeave(withinMs, now));
  }

  /** Takes part in a gathering that is no swarm, such as the meeting of a short code. Ignored when we are there already. */
  gather({ id, trackers, open }: GatheringOptions, now: Instant): void {
    this.#now = now;
    if (this.#gatherings.get(id) !== undefined) return;
    const gathering = open({ self: this.#self, host: this.#host }, now);
    this.#gatherings.add(gathering);
    this.#delivery.welcome(gathering, now);
    this.#trackers.find(id, trackers, now);
    if (gathering.offer !== undefined) this.#trackers.join(gathering.offer, new Bitfield(0), now);
    this.#settle(now);
  }

  /** Takes no more part in a swarm or another gathering; what was held stays in the store. */
  leave(swarm: SwarmId, now: Instant): void {
    this.#now = now;
    this.#leave(swarm, now);
    this.#settle(now);
  }

  /**
   * Only these chunks are wanted from now on, some before others; the swarm is done when they are held. Too late once it
   * is finishing.
   */
  want(swarm: SwarmId, spans: readonly PrioritySpan[], now: Instant): void {
    this.#tell(swarm, now, (known) => known.want(spans, now));
  }

  /**
   * Peers agree on what chunks of a draft hash to: `agreed` are all such so far, and those of them that are `here` verify
   * by that. They are served from now on, the others asked for.
   */
  agree(swarm: SwarmId, agreed: Bitfield, here: readonly number[], now: Instant): void {
    this.#tell(swarm, now, (known) => known.agree(agreed, here, now));
  }

  /** `teller` says that peers of a swarm are there, which is hearsay until they answer. */
  heard(swarm: SwarmId, peers: readonly PeerContact[], teller: string, now: Instant): void {
    this.#now = now;
    if (this.#gatherings.get(swarm)?.isOpen === true) this.#mesh.found(swarm, peers, now, { heardFrom: teller });
    this.#settle(now);
  }

  /** Whether all that is wanted of a swarm is held. */
  isFinishing(swarm: SwarmId): boolean {
    return this.#gatherings.swarm(swarm)?.isFinishing ?? false;
  }

  /** Reader number `reader` of ours waits for the chunk at this place and will need the next ones; undefined: it has gone. */
  read(swarm: SwarmId, reader: number, place: ReadingPlace | undefined, now: Instant): void {
    this.#tell(swarm, now, (known) => known.read(reader, place, now));
  }

  /** The store could not give a chunk to a reader of ours. */
  lost(swarm: SwarmId, chunk: number, code: ErrorCode, now: Instant): void {
    this.#tell(swarm, now, (known) => known.lost(chunk, code, now));
  }

  /** Leaves everything. Ends with the event `stopped`, at once or when the trackers have heard of it. */
  stop(now: Instant): void {
    if (this.#goodbyes !== undefined) return;
    this.#now = now;
    for (const { id } of this.#gatherings) this.#leave(id, now);
    this.#mesh.closeAll('done', now);
    this.#goodbyes = this.#trackers.stop(now);
    if (this.#goodbyes === 0) this.#emit({ type: 'stopped' });
    this.#settle(now);
  }

  /** What became of a swarm so far; undefined when it is not joined. */
  report(swarm: SwarmId, now: Instant): SwarmReport | undefined {
    return this.#gatherings.swarm(swarm)?.report(now);
  }

  /** The cut of a swarm's content and what is held; undefined before its store is open. Not to be changed. */
  content(swarm: SwarmId): { readonly shape: ContentShape; readonly held: Bitfield } | undefined {
    return this.#gatherings.swarm(swarm)?.content;
  }

  /** Who is in a swarm and what each holds; undefined before its store is open. */
  picture(swarm: SwarmId): SwarmPicture | undefined {
    return this.#gatherings.swarm(swarm)?.picture();
  }

  /** Swarms and meetings that take part with whomever they find. */
  openSwarms(): SwarmId[] {
    return this.#gatherings.open();
  }

  handleLink(fact: LinkFact, now: Instant): void {
    this.#now = now;
    if (!this.#trackers.handleFact(fact, now)) this.#handleFact(fact, now);
    this.#settle(now);
  }

  handleStore(fact: StoreFact, now: Instant): void {
    this.#tell(fact.swarm, now, (known) => known.handleStore(fact, now));
  }

  poll(): SessionOutput | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    const { fetchBudget, giveBudget } = this.#host;
    let next = earliest(
      this.#goodbyes === undefined ? this.#mesh.nextTimeout() : NEVER, // who goes dials nobody
      this.#trackers.nextTimeout(),
      fetchBudget.nextTimeout(),
      giveBudget.nextTimeout(),
    );
    for (const gathering of this.#gatherings) next = earliest(next, gathering.nextTimeout());
    return next;
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    for (const gathering of this.#gatherings) if (gathering.nextTimeout() <= now) gathering.handleTimeout(now);
    this.#trackers.handleTimeout(now);
    this.#settle(now);
  }

  #tell(id: SwarmId, now: Instant, call: (swarm: Swarm) => unknown): void {
    this.#now = now;
    const swarm = this.#gatherings.swarm(id);
    if (swarm !== undefined) call(swarm);
    this.#settle(now);
  }

  #handleFact(fact: LinkFact, now: Instant): void {
    switch (fact.type) {
      case 'linkOpened':
      case 'dialFailed':
      case 'linkMoved':
      case 'linkClosed':
        return this.#mesh.handleFact(fact, now);
      case 'messageReceived':
        return this.#delivery.message(fact.link, fact.message, now);
      case 'requestReceived':
        return this.#delivery.request(fact.link, fact.request, fact.message, now);
      case 'requestCancelled':
        return this.#exchanges.endRequest(fact.request)?.handleCancelled(fact.link, fact.request, now);
      case 'answerSent':
        return this.#exchanges.endRequest(fact.request)?.handleSent(fact, now);
      case 'answerProgressed':
        return this.#exchanges.askerOf(fact.ask)?.handleProgress(fact.ask, fact.bodyBytes, now);
      case 'answerReceived':
        return this.#delivery.answer(fact, now);
      case 'askFailed':
        return this.#exchanges.endAsk(fact.ask)?.handleAskFailed(fact.ask, fact.code, now);
      default:
        assertNever(fact, 'link fact');
    }
  }

  #handleTracker(event: TrackerClientEvent): void {
    const swarm = 'swarm' in event ? this.#gatherings.ofKey(event.swarm) : undefined; // none when it was left
    switch (event.type) {
      case 'peersFound':
        if (!isDraft(event.swarm)) return this.#mesh.found(event.swarm, event.peers, this.#now);
        if (swarm !== undefined) this.#mesh.found(swarm.id, event.peers, this.#now);
        return;
      case 'trackerUp':
        return this.#emit({ type: 'trackerUp', tracker: event.tracker });
      case 'trackerDown':
        return this.#emit({ type: 'trackerDown', tracker: event.tracker, reason: event.reason });
      case 'refused':
        if (swarm !== undefined) this.#emit({ type: 'trackerRefused', swarm: swarm.id, refusal: event.refusal });
        return;
      case 'claimed':
        swarm?.claimed(
          Array.from(event.chunks, ({ chunk }) => chunk),
          this.#now,
        );
        if (swarm !== undefined) this.#emit({ type: 'chunksClaimed', swarm: swarm.id, chunks: event.chunks });
        return;
      case 'stopped':
        this.#goodbyes! -= 1;
        if (this.#goodbyes === 0) this.#emit({ type: 'stopped' });
        return;
      default:
        assertNever(event, 'tracker event');
    }
  }

  #leave(id: SwarmId, now: Instant): void {
    const gathering = this.#gatherings.get(id);
    if (gathering === undefined) return;
    const key = this.#gatherings.swarm(id)?.key ?? id;
    gathering.close();
    this.#gatherings.remove(id);
    this.#exchanges.left(gathering);
    this.#trackers.leave(key, now);
    this.#mesh.leave(id, now);
  }

  /** Tells the trackers what the swarm is and what we hold of it. */
  #offer(swarm: Swarm): void {
    const { key, name, draft, content } = swarm;
    const { shape, held } = content!;
    const offer = { name, bytes: shape.totalBytes, chunkCount: shape.chunkCount, swarm: key };
    this.#trackers.join(offer, draft?.claimed ?? held, this.#now, draft?.hashes);
  }

  #chunksHeld({ key, draft }: Swarm, chunks: readonly number[]): void {
    const fresh = draft === undefined ? chunks : chunks.filter((chunk) => draft.claimed.set(chunk));
    this.#trackers.chunksHeld(key, fresh, this.#now);
  }

  #linkEnded(neighbour: Neighbour, code: LinkCode, now: Instant): void {
    const { link } = neighbour;
    for (const gathering of this.#gatherings) gathering.handlePart(link, now);
    this.#exchanges.linkEnded(link);
    if (code === 'busy' && this.#mesh.linkCount < fewLinks) this.#trackers.seek(now);
  }

  /** Ends every call: what must not happen within one, and what may be done now. */
  #settle(now: Instant): void {
    for (let next = this.#afterwards.shift(); next !== undefined; next = this.#afterwards.shift()) next(now);
    this.#host.fetchBudget.serve(now);
    this.#host.giveBudget.serve(now);
    this.#trackers.drain();
    if (this.#goodbyes === undefined) this.#mesh.dial(now);
  }

  #link(order: LinkOrder): void {
    this.#out.push({ type: 'linkOrder', order });
  }

  #emit(event: SessionEvent): void {
    this.#out.push({ type: 'event', event });
  }

  #newMesh({ peer, rng, agent = agentDefault, listenPort }: SessionOptions): Mesh {
    return new Mesh({
      self: peer,
      rng: rng.fork('mesh'),
      numbers: this.#numbers,
      agent,
      listenPort,
      perform: (order) => this.#link(order),
      send: (link, message) => this.#exchanges.send(link, message),
      emit: (event) => this.#emit(event),
      metSelf: ({ address, swarms }) => swarms.forEach((id) => this.#gatherings.get(id)?.metSelf(address)),
      greet: (id, link) => this.#gatherings.get(id)?.greetOnce(link),
      isIdle: ({ link }) => this.#gatherings.areIdle(link),
      ended: (neighbour, code, now) => this.#linkEnded(neighbour, code, now),
    });
  }

  #newHost(options: SessionOptions): SwarmHost {
    return {
      self: options.peer,
      rng: options.rng.fork('swarms'),
      hashes: options.hashes ?? pureHashes,
      ...budgetsOf(options),
      send: (link, message) => this.#exchanges.send(link, message),
      ask: (id, link, message, most) => this.#exchanges.ask(this.#gatherings.get(id)!, link, message, most),
      cancel: (link, ask) => this.#exchanges.cancel(link, ask),
      answer: (link, request, reply, body) => this.#exchanges.answer(link, request, reply, body),
      refuse: (link, request, code) => this.#exchanges.refuse(link, request, code),
      order: (order) => this.#out.push({ type: 'storeOrder', order }),
      emit: (event) => this.#emit(event),
      accuse: (peer, offence) => this.#afterwards.push((now) => this.#mesh.accuse(peer, offence, now)),
      contactsFor: (swarm, except) => this.#mesh.contactsFor(swarm, except),
      opened: (swarm) => {
        const opened = this.#gatherings.swarm(swarm);
        if (opened !== undefined) this.#offer(opened);
      },
      failed: (swarm, code, detail) =>
        this.#afterwards.push((now) => {
          this.#emit({ type: 'failed', swarm, code, ...(detail === undefined ? {} : { detail }) });
          this.#leave(swarm, now);
        }),
      chunksHeld: (swarm, chunks) => this.#chunksHeld(this.#gatherings.swarm(swarm)!, chunks),
      nextRead: () => (this.#reads += 1),
    };
  }
}
