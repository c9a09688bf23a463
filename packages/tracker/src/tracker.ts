// The tracker: answers who is in a swarm and who holds which chunk, over links. It decodes and checks requests, orders
// them of its store, and answers with what the store says. Who asks is known from the link (its authenticated key), and
// where it is reached from the link's address and the port it registers: nobody can register somebody else's host.

import {
  type Address,
  after,
  assertNever,
  type Instant,
  invariant,
  InvariantError,
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
  contactsPerSwarmMax,
  decode,
  encode,
  filesPerPageMax,
  isTrackerRequest,
  type Refusal,
  type Register,
  type RegisterReply,
  type SwarmId,
  type TrackerReply,
  type TrackerRequest,
} from '@shoal/wire';
import { isSafeName } from './safe-name.ts';
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
}

export const trackerDefaults: TrackerConfig = {
  ttlMs: 90_000,
  linksMax: 100_000,
  requestsPerLinkMax: 16,
  strikesMax: 3,
};

export type TrackerEvent =
  | {
      readonly type: 'registered';
      readonly peer: PeerId;
      readonly address: Address;
      /** Swarms it is listed for by this request. */
      readonly swarms: readonly SwarmId[];
    }
  /** It took its leave of one swarm, or of all. */
  | { readonly type: 'left'; readonly peer: PeerId; readonly swarm?: SwarmId }
  /** It was not heard of in time. */
  | { readonly type: 'expired'; readonly peer: PeerId }
  /** A file or a request of the peer was refused. */
  | {
      readonly type: 'refused';
      readonly peer: PeerId;
      readonly address: Address;
      readonly request: TrackerRequest['type'] | 'unreadable';
      readonly reason: Refusal | LinkCode;
    };

export type TrackerOutput =
  | { readonly type: 'linkOrder'; readonly order: LinkOrder }
  /** To be answered by `handleStoreAnswer`, or `handleStoreFailed`, with the same number. */
  | { readonly type: 'storeOrder'; readonly number: number; readonly call: StoreCall }
  | { readonly type: 'event'; readonly event: TrackerEvent };

export interface TrackerStats {
  readonly links: number;
  /** Requests answered since the start, by type. */
  readonly answered: { readonly [Type in TrackerRequest['type']]: number };
  readonly refused: number;
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

/** A request that waits for the store. */
interface Waiting {
  readonly client: Client;
  readonly request: RequestId;
  readonly message: TrackerRequest;
  /** For a register: what was refused before the store saw it, per file. */
  readonly refused: readonly (Refusal | null)[];
}

/** Contacts in one announce reply over all its swarms: with addresses of the longest kind they still fit a message. */
const contactsPerReplyMax = 400;

/** Peers forgotten in one call of the store: long tables are swept piece by piece. */
const expirePerCallMax = 1_000;

/** The time to live is looked at so many times while it runs, and a peer is told to announce in a third of it. */
const sweepsPerTtl = 10;
const announcesPerTtl = 3;

export class Tracker implements Machine<TrackerOutput> {
  readonly #config: TrackerConfig;
  readonly #out = new Outbox<TrackerOutput>();
  readonly #clients = new Map<LinkId, Client>();
  readonly #waiting = new Map<number, Waiting | 'sweep'>();
  readonly #answered: Record<TrackerRequest['type'], number> = {
    register: 0,
    fileList: 0,
    fileLocations: 0,
    chunkRegister: 0,
    announce: 0,
    leave: 0,
  };
  #refused = 0;
  #storeOrders = 0;
  #sweepAt: Instant = NEVER;

  constructor(config: Partial<TrackerConfig> = {}) {
    this.#config = { ...trackerDefaults, ...config };
  }

  get stats(): TrackerStats {
    return { links: this.#clients.size, answered: { ...this.#answered }, refused: this.#refused };
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
    const reply = this.#reply(waiting, answer);
    this.#noteEvents(waiting, reply);
    if (answer.method === 'register') this.#armSweep(now);
    this.#answered[waiting.message.type] += 1;
    const body = answer.method === 'locate' ? answer.result?.bits : undefined;
    const { client, request } = waiting;
    if (!client.waiting.delete(request)) return; // cancelled, or its link is gone
    const order = { type: 'answer', link: client.link, request, head: encode(reply) } as const;
    this.#order(body === undefined ? order : { ...order, body });
  }

  /** The store could not carry out order `number`: whoever waits is refused with `busy` and may ask again. */
  handleStoreFailed(number: number, now: Instant): void {
    const waiting = this.#take(number);
    if (waiting === 'sweep') return this.#armSweep(now);
    this.#refuse(waiting.client, waiting.request, waiting.message.type, 'busy');
  }

  poll(): TrackerOutput | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    return this.#sweepAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = NEVER;
    this.#orderStore('sweep', { method: 'expire', args: [now, expirePerCallMax] });
  }

  #handleOpened({ link, peer, address }: LinkFact & { type: 'linkOpened' }): void {
    if (this.#clients.size >= this.#config.linksMax) return this.#order({ type: 'closeLink', link, code: 'busy' });
    this.#clients.set(link, { link, peer, address, waiting: new Set(), ordered: 0, strikes: 0 });
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
    this.#orderRequest(client, request, decoded.message, now);
  }

  #orderRequest(client: Client, request: RequestId, message: TrackerRequest, now: Instant): void {
    const { peer } = client;
    const order = (call: StoreCall, refused: Waiting['refused'] = []): void =>
      this.#orderStore({ client, request, message, refused }, call);
    switch (message.type) {
      case 'register': {
        const refused = message.files.map(({ name }): Refusal | null => (isSafeName(name) ? null : 'nameUnsafe'));
        const files = message.files.filter((_, i) => refused[i] === null);
        return order({ method: 'register', args: [peer, reachedAt(client, message), files, now] }, refused);
      }
      case 'fileList':
        return order({ method: 'list', args: [message.filter, message.offset, filesPerPageMax] });
      case 'fileLocations':
        return order({ method: 'locate', args: [message.file] });
      case 'chunkRegister':
        return order({ method: 'hold', args: [peer, message.swarm, message.held, now] });
      case 'announce': {
        const fair = Math.floor(contactsPerReplyMax / Math.max(1, message.swarms.length));
        return order({ method: 'renew', args: [peer, message.swarms, Math.min(contactsPerSwarmMax, fair), now] });
      }
      case 'leave':
        return order({ method: 'leave', args: [peer, message.swarm] });
      default:
        assertNever(message, 'tracker request');
    }
  }

  #reply(waiting: Waiting, answer: StoreAnswer): TrackerReply {
    const intervalMs = Math.ceil(this.#config.ttlMs / announcesPerTtl);
    switch (answer.method) {
      case 'register': {
        const rest = [...answer.result];
        const refused = waiting.refused.map((reason) => reason ?? rest.shift() ?? null);
        return { type: 'registerReply', refused, intervalMs, observed: waiting.client.address };
      }
      case 'list':
        return { type: 'fileListReply', ...answer.result };
      case 'locate': {
        if (answer.result === undefined) return { type: 'fileLocationsReply', total: 0, holders: [], rarest: [] };
        const { file, total, holders, rarest } = answer.result;
        return { type: 'fileLocationsReply', file, total, holders, rarest };
      }
      case 'hold':
        return answer.result === null
          ? { type: 'chunkRegisterReply' }
          : { type: 'chunkRegisterReply', refused: answer.result };
      case 'renew':
        return { type: 'announceReply', intervalMs, ...answer.result };
      case 'leave':
        return { type: 'leaveReply', removed: answer.result };
      case 'expire':
        throw new InvariantError('no request waits for a sweep');
      default:
        return assertNever(answer, 'store answer');
    }
  }

  #noteEvents({ client, message }: Waiting, reply: TrackerReply): void {
    const { peer } = client;
    if (message.type === 'register' && reply.type === 'registerReply') this.#noteRegistered(client, message, reply);
    else if (message.type === 'leave' && reply.type === 'leaveReply' && reply.removed) {
      const { swarm } = message;
      this.#event(swarm === undefined ? { type: 'left', peer } : { type: 'left', peer, swarm });
    } else if (reply.type === 'chunkRegisterReply' && reply.refused !== undefined)
      this.#noteRefused(client, message.type, reply.refused);
  }

  #noteRegistered(client: Client, message: Register, reply: RegisterReply): void {
    const swarms: SwarmId[] = [];
    for (const [i, reason] of reply.refused.entries())
      if (reason === null) swarms.push(message.files[i]!.swarm);
      else this.#noteRefused(client, 'register', reason);
    this.#event({ type: 'registered', peer: client.peer, address: reachedAt(client, message), swarms });
  }

  #handleSwept(answer: StoreAnswer, now: Instant): void {
    invariant(answer.method === 'expire', 'a sweep is answered as one');
    const { expired, remaining } = answer.result;
    for (const peer of expired) this.#event({ type: 'expired', peer });
    if (expired.length === expirePerCallMax) this.#sweepAt = now;
    else if (remaining > 0) this.#armSweep(now);
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

  #refuse(client: Client, request: RequestId, what: TrackerRequest['type'] | 'unreadable', code: LinkCode): void {
    if (client.waiting.delete(request)) this.#order({ type: 'refuse', link: client.link, request, code });
    this.#noteRefused(client, what, code);
  }

  #noteRefused(client: Client, request: TrackerRequest['type'] | 'unreadable', reason: Refusal | LinkCode): void {
    this.#refused += 1;
    this.#event({ type: 'refused', peer: client.peer, address: client.address, request, reason });
  }

  #take(number: number): Waiting | 'sweep' {
    const waiting = this.#waiting.get(number);
    invariant(waiting !== undefined, 'a store order is answered once');
    this.#waiting.delete(number);
    if (waiting !== 'sweep') waiting.client.ordered -= 1;
    return waiting;
  }

  #orderStore(waiting: Waiting | 'sweep', call: StoreCall): void {
    this.#storeOrders += 1;
    if (waiting !== 'sweep') waiting.client.ordered += 1;
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

const reachedAt = ({ address }: Client, { port }: Register): Address => ({ host: address.host, port });
