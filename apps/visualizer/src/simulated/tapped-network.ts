// A simulated network that tells what is asked over it: the requests for chunks, when they are answered, and what ends them
// without a chunk. All else it hands through, so a swarm runs on it as it would without.

import type { Address, AskId, Instant, LinkFact, LinkId, LinkOrder, PeerId, RequestId } from '@shoal/machine';
import type { NewNode, Rates, SimNetwork } from '@shoal/simulator';
import { decode } from '@shoal/wire';

export interface Tap {
  asked(node: number, from: PeerId, chunk: number): void;
  /** The chunk is being sent from now on. */
  answered(node: number, to: PeerId, chunk: number): void;
  /** It will not come from there. */
  dropped(node: number, from: PeerId, chunk: number): void;
}

type Delivery = NonNullable<ReturnType<SimNetwork['poll']>>;

interface Request {
  readonly remote: PeerId;
  readonly chunk: number;
}

export class TappedNetwork implements SimNetwork {
  readonly #inner: SimNetwork;
  readonly #tap: Tap;
  /** Per node, since each may number its links and requests from 1. */
  readonly #remotes: Map<LinkId, PeerId>[] = [];
  readonly #asks: Map<AskId, Request>[] = [];
  readonly #requests: Map<RequestId, Request>[] = [];

  constructor(inner: SimNetwork, tap: Tap) {
    this.#inner = inner;
    this.#tap = tap;
  }

  get agenda(): SimNetwork['agenda'] {
    return this.#inner.agenda;
  }

  get lookaheadMs(): number {
    return this.#inner.lookaheadMs;
  }

  /** The node's links, and to whom each leads. */
  linksOf(node: number): Iterable<readonly [LinkId, PeerId]> {
    return this.#remotes[node]!;
  }

  addNode(node: NewNode): PeerId {
    this.#remotes.push(new Map());
    this.#asks.push(new Map());
    this.#requests.push(new Map());
    return this.#inner.addNode(node);
  }

  /** A process that starts afresh numbers its requests afresh. */
  startNode(node: number, now: Instant): void {
    this.#asks[node]!.clear();
    this.#requests[node]!.clear();
    this.#inner.startNode(node, now);
  }

  stopNode(node: number, now: Instant): void {
    this.#inner.stopNode(node, now);
  }

  moveNode(node: number, address: Address, now: Instant): void {
    this.#inner.moveNode(node, address, now);
  }

  partition(sideOf: ((node: number) => number) | undefined, now: Instant): void {
    this.#inner.partition(sideOf, now);
  }

  setRates(node: number, rates: Rates): void {
    this.#inner.setRates(node, rates);
  }

  perform(node: number, order: LinkOrder, now: Instant): void {
    if (order.type === 'ask') this.#ask(node, order);
    else if (order.type === 'answer' || order.type === 'refuse') this.#answer(node, order);
    else if (order.type === 'cancelAsk') this.#drop(node, order.ask);
    this.#inner.perform(node, order, now);
  }

  poll(): Delivery | undefined {
    const delivery = this.#inner.poll();
    if (delivery !== undefined) this.#look(delivery.node, delivery.fact);
    return delivery;
  }

  #look(node: number, fact: LinkFact): void {
    if (fact.type === 'linkOpened') this.#remotes[node]!.set(fact.link, fact.peer);
    else if (fact.type === 'linkClosed') this.#close(node, fact.link);
    else if (fact.type === 'requestReceived') {
      const request = this.#requestOf(node, fact.link, fact.message);
      if (request !== undefined) this.#requests[node]!.set(fact.request, request);
    } else if (fact.type === 'requestCancelled') this.#requests[node]!.delete(fact.request);
    else if (fact.type === 'askFailed' || (fact.type === 'answerReceived' && fact.body.length === 0))
      this.#drop(node, fact.ask);
    else if (fact.type === 'answerReceived') this.#asks[node]!.delete(fact.ask);
  }

  #ask(node: number, { link, ask, request: bytes }: LinkOrder & { type: 'ask' }): void {
    const request = this.#requestOf(node, link, bytes);
    if (request === undefined) return;
    this.#asks[node]!.set(ask, request);
    this.#tap.asked(node, request.remote, request.chunk);
  }

  #answer(node: number, { type, request: id }: LinkOrder & { type: 'answer' | 'refuse' }): void {
    const request = this.#requests[node]!.get(id);
    if (request === undefined) return;
    this.#requests[node]!.delete(id);
    if (type === 'answer') this.#tap.answered(node, request.remote, request.chunk);
  }

  #drop(node: number, ask: AskId): void {
    const request = this.#asks[node]!.get(ask);
    if (request === undefined) return;
    this.#asks[node]!.delete(ask);
    this.#tap.dropped(node, request.remote, request.chunk);
  }

  #close(node: number, link: LinkId): void {
    const closed = this.#remotes[node]!.get(link);
    this.#remotes[node]!.delete(link);
    for (const [ask, { remote }] of this.#asks[node]!) if (remote === closed) this.#drop(node, ask);
    for (const [id, { remote }] of this.#requests[node]!) if (remote === closed) this.#requests[node]!.delete(id);
  }

  /** Undefined for what is no request for a chunk. */
  #requestOf(node: number, link: LinkId, bytes: Uint8Array): Request | undefined {
    const remote = this.#remotes[node]!.get(link);
    const decoded = decode(bytes);
    if (remote === undefined || !decoded.ok || decoded.message.type !== 'chunkRequest') return undefined;
    return { remote, chunk: decoded.message.chunk };
  }
}
