// The tracker: answers who is in a swarm and who holds which chunk, over links. It decodes and checks requests, orders
// them of its store, and answers with what the store says. Who asks is known from the link (its authenticated key), and
// where it is reached from the link's address and the port it registers: nobody can register somebody else's host.

import {
  type Address,
  after,
  assertNever,
  earliest,
  type Instant,
  instant,
  invariant,
  type LinkCode,
  type LinkFact,
  type LinkOrder,
  type Machine,
  NEVER,
  Outbox,
  type RequestId,
} from '@shoal/machine';
import {
  decode,
  type DraftId,
  encode,
  isTrackerRequest,
  type Refusal,
  type TrackerReply,
  type TrackerRequest,
} from '@shoal/wire';
import { type Client, Clients, type TurnedAway } from './clients.ts';
import { type Asker, refusalsIn, refusedUnseen, replyOf, storeCallOf } from './requests.ts';
import type { StoreAnswer, StoreCall } from './store.ts';
import {
  type Refused,
  type TrackerConfig,
  trackerDefaults,
  type TrackerEvent,
  type TrackerOutput,
  type TrackerStats,
} from './tracker-config.ts';

/** What the tracker orders of the store for itself. */
type Chore = 'sweep' | { readonly derives: DraftId } | { readonly follows: Client; readonly to: Address };

/** A request that waits for the store. */
interface Waiting {
  readonly client: Client;
  readonly request: RequestId;
  readonly message: TrackerRequest;
  /** Where the store is told that the peer is reached. */
  readonly reached: Address | undefined;
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
  readonly #clients: Clients;
  /** By the number of their store order. */
  readonly #waiting: (Waiting | Chore | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
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
  #sweepAt: Instant = instant(0); // the store may hold peers of an earlier run
  #deriveAt: Instant = NEVER;
  #derivedAt: Instant | undefined;

  constructor(config: Partial<TrackerConfig> = {}) {
    this.#config = { ...trackerDefaults, ...config };
    this.#clients = new Clients(this.#config);
  }

  get stats(): TrackerStats {
    return { links: this.#clients.size, answered: { ...this.#answered }, refused: { ...this.#refused } };
  }

  handleFact(fact: LinkFact, now: Instant): void {
    switch (fact.type) {
      case 'linkOpened':
        return this.#handleOpened(fact, now);
      case 'linkMoved':
        return this.#handleMoved(fact, now);
      case 'linkClosed':
        return this.#clients.close(fact.link);
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
    if ('follows' in waiting) return this.#listed(waiting.follows, waiting.to, now);
    const { client, request, message, reached, refused } = waiting;
    const reply = replyOf(answer, client, refused, Math.ceil(this.#config.ttlMs / announcesPerTtl));
    this.#noteEvents(waiting, reply);
    if (reached !== undefined) this.#listed(client, reached, now);
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
    if (isRequest(waiting))
      this.#refuse(waiting.client, waiting.request, waiting.message.type, { code: 'busy', reason: 'busy' });
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

  #handleOpened(fact: LinkFact & { type: 'linkOpened' }, now: Instant): void {
    const turnedAway = this.#clients.open(fact, now);
    if (turnedAway === undefined) return;
    this.#order({ type: 'closeLink', link: fact.link, code: turnedAway.code });
    this.#noteRefused(fact, 'link', turnedAway.reason);
  }

  #handleMoved({ link, address }: LinkFact & { type: 'linkMoved' }, now: Instant): void {
    const client = this.#clients.get(link);
    if (client === undefined) return;
    client.address = address;
    this.#follow(client, now);
  }

  #listed(client: Client, at: Address, now: Instant): void {
    client.listed = at;
    this.#follow(client, now);
  }

  /** Has the store list a peer where it has moved to. Whoever moves without rest is followed with its next announce only. */
  #follow(client: Client, now: Instant): void {
    const { link, peer, address, listed } = client;
    if (listed === undefined || listed.host === address.host) return;
    if (this.#clients.get(link) === undefined || this.#clients.ask(client, now) !== undefined) return;
    const to = { host: address.host, port: listed.port };
    this.#orderStore({ follows: client, to }, { method: 'renew', args: [peer, to, [], 0, now] });
  }

  #handleRequest({ link, request, message }: LinkFact & { type: 'requestReceived' }, now: Instant): void {
    const client = this.#clients.get(link);
    if (client === undefined) return; // closed for being one too many
    client.waiting.add(request);
    const decoded = decode(message);
    if (!decoded.ok || !isTrackerRequest(decoded.message)) {
      this.#refuse(client, request, 'unreadable', { code: 'protocolViolated', reason: 'protocolViolated' });
      return this.#strike(client);
    }
    const { type } = decoded.message;
    const turnedAway = this.#clients.ask(client, now);
    if (turnedAway !== undefined) return this.#refuse(client, request, type, turnedAway);
    const refused = refusedUnseen(decoded.message, client);
    const call = storeCallOf(decoded.message, client, refused, now);
    const reached = call.method === 'register' || call.method === 'renew' ? call.args[1] : undefined;
    this.#orderStore({ client, request, message: decoded.message, reached, refused }, call);
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
    this.#clients.close(client.link);
    this.#order({ type: 'closeLink', link: client.link, code: 'protocolViolated' });
  }

  #refuse(client: Client, request: RequestId, what: Refused, { code, reason }: TurnedAway): void {
    if (client.waiting.delete(request)) this.#order({ type: 'refuse', link: client.link, request, code });
    this.#noteRefused(client, what, reason);
  }

  #noteRefused({ peer, address }: Pick<Asker, 'peer' | 'address'>, request: Refused, reason: Refusal | LinkCode): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.#event({ type: 'refused', peer, address, request, reason });
  }

  #take(number: number): Waiting | Chore {
    const waiting = this.#waiting[number];
    invariant(waiting !== undefined, 'a store order is answered once');
    this.#waiting[number] = undefined;
    this.#freeNumbers.push(number);
    if (isRequest(waiting)) waiting.client.ordered -= 1;
    return waiting;
  }

  #orderStore(waiting: Waiting | Chore, call: StoreCall): void {
    const number = this.#freeNumbers.pop() ?? this.#waiting.length;
    this.#waiting[number] = waiting;
    if (isRequest(waiting)) waiting.client.ordered += 1;
    this.#out.push({ type: 'storeOrder', number, call });
  }

  #order(order: LinkOrder): void {
    this.#out.push({ type: 'linkOrder', order });
  }

  #event(event: TrackerEvent): void {
    this.#out.push({ type: 'event', event });
  }
}

const isRequest = (waiting: Waiting | Chore): waiting is Waiting => waiting !== 'sweep' && 'client' in waiting;
