// Carries the link contract (machine/src/links.ts) over an endpoint: orders in, facts out, datagrams beneath.

import {
  assertNever,
  type Address,
  type Instant,
  type LinkCode,
  type LinkFact,
  type LinkId,
  linkId,
  type LinkOrder,
  Outbox,
  type PeerId,
  requestId,
  type RequestId,
} from '@shoal/machine';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionStats } from '../connection/connection-facts.ts';
import type { DatagramMachine, Transmit } from '../datagram-machine.ts';
import { Endpoint, type EndpointEvent, type EndpointOptions } from '../endpoint.ts';
import { BodyMemory } from './body-memory.ts';
import { Link, type LinkOwner } from './link.ts';
import { linkCodeNumber, linkCodeOf } from './link-reasons.ts';

/** A dial that is not answered yet, as a connection's context. */
interface Dialling {
  readonly dial: number;
}

export class LinkCarrier implements DatagramMachine<LinkFact>, LinkOwner {
  /** The endpoint beneath, for its stats. Its connections belong to the carrier. */
  readonly endpoint: Endpoint;
  /** Where bodies of answers come from, and may go back to. */
  readonly bodies: BodyMemory = new BodyMemory();
  readonly #links = new Map<LinkId, Link>();
  readonly #out = new Outbox<LinkFact>();
  #linksCount = 0;
  #requestsCount = 0;
  #now: Instant | undefined;

  constructor(options: EndpointOptions) {
    this.endpoint = new Endpoint(options);
  }

  get peer(): PeerId {
    return this.endpoint.peer;
  }

  get linkCount(): number {
    return this.#links.size;
  }

  /** Numbers of one link; undefined when it is closed. */
  linkStats(link: LinkId): ConnectionStats | undefined {
    return this.#links.get(link)?.connection.stats;
  }

  /** Carries an order out. Orders for a link that is closed do nothing: the fact is on its way. */
  perform(order: LinkOrder, now: Instant): void {
    this.#now = now;
    if (order.type === 'dial') return this.#dial(order, now);
    const link = this.#links.get(order.link);
    if (link === undefined) return;
    switch (order.type) {
      case 'closeLink':
        this.#links.delete(link.id);
        return link.close(order.code, now);
      case 'sendMessage':
        return link.send(order.message);
      case 'ask':
        return link.ask(order);
      case 'cancelAsk':
        return link.cancelAsk(order.ask);
      case 'answer':
        return link.answer(order.request, order.head, order.body ?? new Uint8Array());
      case 'refuse':
        return link.refuse(order.request, order.code);
      default:
        assertNever(order, 'link order');
    }
  }

  /** Closes every link with `done`; what was sent before still arrives, within limits. */
  close(now: Instant): void {
    this.#now = now;
    for (const link of this.#links.values()) link.close('done', now);
    this.#links.clear();
    this.endpoint.close(now, { flush: true });
  }

  handleDatagram(bytes: Uint8Array, from: Address, now: Instant): void {
    this.#now = now;
    this.endpoint.handleDatagram(bytes, from, now);
  }

  poll(): LinkFact | undefined {
    for (;;) {
      const fact = this.#out.poll();
      if (fact !== undefined) return fact;
      const event = this.endpoint.poll();
      if (event === undefined) return undefined;
      this.#handle(event);
    }
  }

  nextTimeout(): Instant {
    return this.endpoint.nextTimeout();
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    this.endpoint.handleTimeout(now);
  }

  pollTransmit(buffer: Uint8Array, now: Instant): Transmit | undefined {
    this.#now = now;
    return this.endpoint.pollTransmit(buffer, now);
  }

  // What links ask (LinkOwner)

  tell(fact: LinkFact): void {
    this.#out.push(fact);
  }

  nextRequest(): RequestId {
    this.#requestsCount += 1;
    return requestId(this.#requestsCount);
  }

  fail(link: Link, code: LinkCode): void {
    if (!this.#links.delete(link.id)) return;
    link.connection.close(this.#now!, linkCodeNumber(code));
    this.tell({ type: 'linkClosed', link: link.id, code });
  }

  // Inside

  #dial({ dial, address, expect }: LinkOrder & { type: 'dial' }, now: Instant): void {
    const connection = this.endpoint.connect(address, now, expect === undefined ? {} : { expect });
    if (connection === undefined) return this.tell({ type: 'dialFailed', dial, code: 'busy' });
    connection.context = { dial } satisfies Dialling;
  }

  #handle(event: EndpointEvent): void {
    const { connection } = event;
    if (event.type === 'connectionOpened') return this.#open(connection);
    const { context } = connection;
    if (event.type !== 'connectionClosed') {
      if (!(context instanceof Link) || !this.#links.has(context.id)) return;
      if (event.type !== 'connectionMoved') return context.handle(event);
      return this.tell({ type: 'linkMoved', link: context.id, address: connection.address });
    }
    const code = linkCodeOf(event.reason);
    if (context instanceof Link) {
      // A link that was open is not unreachable: our last handshake message never got through.
      const told = code === 'unreachable' ? 'lost' : code;
      if (this.#links.delete(context.id)) this.tell({ type: 'linkClosed', link: context.id, code: told });
    } else if (context !== undefined) this.tell({ type: 'dialFailed', dial: (context as Dialling).dial, code });
  }

  #open(connection: Connection): void {
    const dialling = connection.context as Dialling | undefined;
    this.#linksCount += 1;
    const link = new Link(linkId(this.#linksCount), connection, this);
    connection.context = link;
    this.#links.set(link.id, link);
    this.tell({
      type: 'linkOpened',
      link: link.id,
      peer: connection.peer!,
      address: connection.address,
      ...(dialling === undefined ? {} : { dial: dialling.dial }),
    });
  }
}
