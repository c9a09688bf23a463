// The tracker: answers who is in a swarm and who holds which chunk, over links. It decodes and checks requests, orders
// them of its store, and answers with what the store says. Who asks is known from the link (its authenticated key), and
// where it is reached from the link's address and the port it registers: nobody can register somebody else's host.

import {
  type Address,
  after,
  assertNever,
  earliest,
  type Instant,
  invariant,
  type LinkCode,
  type LinkFact,
  type LinkId,
  type LinkOrder,
  type Machine,
  NEVER,
  Outbox,
  type PeerId,
  type RequestId,
} from '@shoal/machine';
import {
  decode,
  type DraftId,
  encode,
  isTrackerRequest,
  type Refusal,
  type SwarmId,
  type SwarmKey,
  type TrackerReply,
  type TrackerRequest,
} from '@shoal/wire';
import { refusalsIn, refusedUnseen, replyOf, storeCallOf } from './requests.ts';
import type { StoreAnswer, StoreCall } from './store.ts';

export interface TrackerConfig {
  /** A peer that was not heard of for so long is forgotten. The store is opened with the same. */
  readonly ttlMs: number;
  /** Links open at a time; a further one is closed with `busy`. */
  readonly linksMax: number;
  /** Requests of one link that the store works at; a further one is refused with `busy`. */
  readonly requestsPerLinkMax: number;
  /** A link that broke the protocol so often is closed with `protocolViolated`. */
  readonly strikesMax: number;
  /** Whether this identity may use the tracker: others' links are closed with `authenticationFailed`. Default: all may. */
  readonly admits: (peer: PeerId) => boolean;
}

export const trackerDefaults: TrackerConfig = {
  ttlMs: 90_000,
  linksMax: 100_000,
  requestsPerLinkMax: 16,
  strikesMax: 3,
  admits: () => true,
};

export type TrackerEvent =
  | {
      readonly type: 'registered';
      readonly peer: PeerId;
      readonly address: Address;
      /** Swarms it is listed for by this request. */
      readonly swarms: readonly SwarmKey[];
    }
  /** It took its leave of one swarm, or of all. */
  | { readonly type: 'left'; readonly peer: PeerId; readonly swarm?: SwarmKey }
  /** It was not heard of in time. */
  | { readonly type: 'expired'; readonly peer: PeerId }
  /** Every chunk of a draft is agreed upon: this is the swarm of its manifest. */
  | { readonly type: 'derived'; readonly draft: DraftId; readonly swarm: SwarmId }
  /** A file, a request or the link of the peer was refused. */
  | {
      readonly type: 'refused';
      readonly peer: PeerId;
      readonly address: Address;
      readonly request: Refused;
      readonly reason: Refusal | LinkCode;
    };

type Refused = TrackerRequest['type'] | 'unreadable' | 'link';

export type TrackerOutput =
  | { readonly type: 'linkOrder'; readonly order: LinkOrder }
  /** To be answered by `handleStoreAnswer`, or `handleStoreFailed`, with the same number. */
  | { readonly type: 'storeOrder'; readonly number: number; readonly call: StoreCall }
  | { readonly type: 'event'; readonly event: TrackerEvent };

export interface TrackerStats {
  readonly links: number;
  /** Requests answered since the start, by type. */
  readonly answered: { readonly [Type in TrackerRequest['type']]: number };
  /** Files, requests and links refused since the start, by reason. */
  readonly refused: { readonly [Reason in Refusal | LinkCode]?: number };
}

interface Client {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly address: Address;
  /** Requests that want an answer. */
  readonly waiting: Set<RequestId>;
  /** Store orders under way for it, those of cancelled requests too. */
  ordered: number;
  strikes: number;
}

/** What the tracker orders of the store for itself. */
type Chore = 'sweep' | { readonly derives: DraftId };

/** A request that waits for the store. */
interface Waiting {
  readonly client: Client;
  readonly request: RequestId;
  readonly message: TrackerRequest;
  /** As `refusedUnseen` says. */
  readonly refused: readonly (Refusal | null)[];
}

/** Peers forgotten in one call of the store: long tables are swept piece by piece. */
const expirePerCallMax = 1_000;

/** The time to live is looked at so many times while it runs, and a peer is told to announce in a third of it. */
const sweepsPerTtl = 10;
const announcesPerTtl = 3;

/** A manifest costs a hash for each chunk, and a few peers can make a draft complete again and again. */
const deriveEveryMs = 1_000;

/** Drafts that wait for their manifest; a further one waits for its next claim. */
const derivesWaitingMax = 1_000;

export class Tracker implements Machine<TrackerOutput> {
  readonly #config: TrackerConfig;
  readonly #out = new Outbox<TrackerOutput>();
  readonly #clients = new Map<LinkId, Client>();
  readonly #waiting = new Map<number, Waiting | Chore>();
  readonly #answered: Record<TrackerRequest['type'], number> = {
    register: 0,
    fileList: 0,
    fileLocations: 0,
    chunkRegister: 0,
    claim: 0,
    claimList: 0,
    announce: 0,
    leave: 0,
  };
  readonly #refused: { [Reason in Refusal | LinkCode]?: number } = {};
  /** Complete drafts without a name. */
  readonly #toDerive = new Set<DraftId>();
  #storeOrders = 0;
  #sweepAt: Instant = NEVER;
  #deriveAt: Instant = NEVER;
  #derivedAt: Instant | undefined;

  constructor(config: Partial<TrackerConfig> = {}) {
    this.#config = { ...trackerDefaults, ...config };
  }

  get stats(): TrackerStats {
    return { links: this.#clients.size, answered: { ...this.#answered }, refused: { ...this.#refused } };
  }

  handleFact(fact: LinkFact, now: Instant): void {
    switch (fact.type) {
      case 'linkOpened':
        return this.#handleOpened(fact);
      case 'linkClosed':
        this.#clients.get(fact.link)?.waiting.clear();
        this.#clients.delete(fact.link);
        return;
      case 'requestReceived':
        return this.#handleRequest(fact, now);
      case 'requestCancelled':
        this.#clients.get(fact.link)?.waiting.delete(fact.request);
        return;
      case 'messageReceived':
        return this.#strike(this.#clients.get(fact.link)); // there are no one-way messages to a tracker
      // A tracker dials nobody and asks nothing.
      case 'answerSent':
      case 'dialFailed':
      case 'answerProgressed':
      case 'answerReceived':
      case 'askFailed':
        return;
      default:
        assertNever(fact, 'link fact');
    }
  }

  /** What the store says to order `number`. */
  handleStoreAnswer(number: number, answer: StoreAnswer, now: Instant): void {
    const waiting = this.#take(number);
    if (waiting === 'sweep') return this.#handleSwept(answer, now);
    if ('derives' in waiting) return this.#handleDerived(waiting.derives, answer);
    const { client, request, message, refused } = waiting;
    const reply = replyOf(answer, client, refused, Math.ceil(this.#config.ttlMs / announcesPerTtl));
    this.#noteEvents(waiting, reply);
    if (answer.method === 'register') this.#armSweep(now);
    if (answer.method === 'claim' && typeof answer.result !== 'string' && answer.result.complete)
      this.#awaitManifest((message as TrackerRequest & { type: 'claim' }).swarm, now);
    this.#answered[message.type] += 1;
    const body = answer.method === 'locate' ? answer.result?.body : undefined;
    if (!client.waiting.delete(request)) return; // cancelled, or its link is gone
    const order = { type: 'answer', link: client.link, request, head: encode(reply) } as const;
    this.#order(body === undefined ? order : { ...order, body });
  }

  /** The store could not carry out order `number`: whoever waits is refused with `busy` and may ask again. */
  handleStoreFailed(number: number, now: Instant): void {
    const waiting = this.#take(number);
    if (waiting === 'sweep') return this.#armSweep(now);
    if (!('derives' in waiting)) this.#refuse(waiting.client, waiting.request, waiting.message.type, 'busy');
  }

  poll(): TrackerOutput | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    return earliest(this.#sweepAt, this.#deriveAt);
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#sweepAt) {
      this.#sweepAt = NEVER;
      this.#orderStore('sweep', { method: 'expire', args: [now, expirePerCallMax] });
    }
    if (now >= this.#deriveAt) this.#derive(now);
  }

  #handleOpened({ link, peer, address }: LinkFact & { type: 'linkOpened' }): void {
    const client: Client = { link, peer, address, waiting: new Set(), ordered: 0, strikes: 0 };
    const refusal = !this.#config.admits(peer)
      ? 'authenticationFailed'
      : this.#clients.size >= this.#config.linksMax
        ? 'busy'
        : undefined;
    if (refusal === undefined) this.#clients.set(link, client);
    else {
      this.#order({ type: 'closeLink', link, code: refusal });
      this.#noteRefused(client, 'link', refusal);
    }
  }

  #handleRequest({ link, request, message }: LinkFact & { type: 'requestReceived' }, now: Instant): void {
    const client = this.#clients.get(link);
    if (client === undefined) return; // closed for being one too many
    client.waiting.add(request);
    const decoded = decode(message);
    if (!decoded.ok || !isTrackerRequest(decoded.message)) {
      this.#refuse(client, request, 'unreadable', 'protocolViolated');
      return this.#strike(client);
    }
    const { type } = decoded.message;
    if (client.ordered >= this.#config.requestsPerLinkMax) return this.#refuse(client, request, type, 'busy');
    const refused = refusedUnseen(decoded.message, client);
    const call = storeCallOf(decoded.message, client, refused, now);
    this.#orderStore({ client, request, message: decoded.message, refused }, call);
  }

  #noteEvents({ client, message }: Waiting, reply: TrackerReply): void {
    const { peer, address } = client;
    if (message.type === 'register' && reply.type === 'registerReply') {
      const swarms = message.files.filter((_, i) => reply.files[i]!.accepted).map(({ swarm }) => swarm);
      this.#event({ type: 'registered', peer, address: { host: address.host, port: message.port }, swarms });
    }
    if (message.type === 'leave' && reply.type === 'leaveReply' && reply.removed) {
      const { swarm } = message;
      this.#event(swarm === undefined ? { type: 'left', peer } : { type: 'left', peer, swarm });
    }
    for (const reason of refusalsIn(reply)) this.#noteRefused(client, message.type, reason);
  }

  #awaitManifest(draft: DraftId, now: Instant): void {
    if (this.#toDerive.size < derivesWaitingMax) this.#toDerive.add(draft);
    if (this.#deriveAt !== NEVER) return;
    const soonest = this.#derivedAt === undefined ? now : after(this.#derivedAt, deriveEveryMs);
    this.#deriveAt = soonest > now ? soonest : now;
  }

  /** Has the store derive the manifest of the draft that waited longest. */
  #derive(now: Instant): void {
    this.#derivedAt = now;
    this.#deriveAt = NEVER;
    for (const draft of this.#toDerive) {
      this.#toDerive.delete(draft);
      this.#orderStore({ derives: draft }, { method: 'derive', args: [draft] });
      break;
    }
    if (this.#toDerive.size > 0) this.#deriveAt = after(now, deriveEveryMs);
  }

  #handleSwept(answer: StoreAnswer, now: Instant): void {
    invariant(answer.method === 'expire', 'a sweep is answered as one');
    const { expired, remaining } = answer.result;
    for (const peer of expired) this.#event({ type: 'expired', peer });
    if (expired.length === expirePerCallMax) this.#sweepAt = now;
    else if (remaining > 0) this.#armSweep(now);
  }

  #handleDerived(draft: DraftId, answer: StoreAnswer): void {
    invariant(answer.method === 'derive', 'a derivation is answered as one');
    if (answer.result !== undefined) this.#event({ type: 'derived', draft, swarm: answer.result });
  }

  #armSweep(now: Instant): void {
    if (this.#sweepAt === NEVER) this.#sweepAt = after(now, this.#config.ttlMs / sweepsPerTtl);
  }

  #strike(client: Client | undefined): void {
    if (client === undefined) return;
    client.strikes += 1;
    if (client.strikes < this.#config.strikesMax) return;
    this.#clients.delete(client.link);
    client.waiting.clear();
    this.#order({ type: 'closeLink', link: client.link, code: 'protocolViolated' });
  }

  #refuse(client: Client, request: RequestId, what: Refused, code: LinkCode): void {
    if (client.waiting.delete(request)) this.#order({ type: 'refuse', link: client.link, request, code });
    this.#noteRefused(client, what, code);
  }

  #noteRefused(client: Client, request: Refused, reason: Refusal | LinkCode): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.#event({ type: 'refused', peer: client.peer, address: client.address, request, reason });
  }

  #take(number: number): Waiting | Chore {
    const waiting = this.#waiting.get(number);
    invariant(waiting !== undefined, 'a store order is answered once');
    this.#waiting.delete(number);
    if (isRequest(waiting)) waiting.client.ordered -= 1;
    return waiting;
  }

  #orderStore(waiting: Waiting | Chore, call: StoreCall): void {
    this.#storeOrders += 1;
    if (isRequest(waiting)) waiting.client.ordered += 1;
    this.#waiting.set(this.#storeOrders, waiting);
    this.#out.push({ type: 'storeOrder', number: this.#storeOrders, call });
  }

  #order(order: LinkOrder): void {
    this.#out.push({ type: 'linkOrder', order });
  }

  #event(event: TrackerEvent): void {
    this.#out.push({ type: 'event', event });
  }
}

const isRequest = (waiting: Waiting | Chore): waiting is Waiting => waiting !== 'sweep' && 'client' in waiting;
