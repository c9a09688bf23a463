// What is said on the links, and what is under way there: whose answers are awaited, and whose requests are being answered.

import type { AskId, LinkCode, LinkId, LinkNumbers, LinkOrder, RequestId } from '@shoal/machine';
import { encode, type PeerMessage, type PeerReply, type PeerRequest } from '@shoal/wire';
import type { Gathering } from './gathering.ts';

/** What an exchange belongs to. */
interface Exchange {
  readonly link: LinkId;
  readonly gathering: Gathering;
}

export class Exchanges {
  readonly #asks = new Map<AskId, Exchange>();
  readonly #requests = new Map<RequestId, Exchange>();
  readonly #numbers: LinkNumbers;
  readonly #perform: (order: LinkOrder) => void;
  /** The last message sent: news goes to many. */
  #encoded: { readonly message: PeerMessage; readonly bytes: Uint8Array } | undefined;

  constructor(numbers: LinkNumbers, perform: (order: LinkOrder) => void) {
    this.#numbers = numbers;
    this.#perform = perform;
  }

  send(link: LinkId, message: PeerMessage): void {
    if (this.#encoded?.message !== message) this.#encoded = { message, bytes: encode(message) };
    this.#perform({ type: 'sendMessage', link, message: this.#encoded.bytes });
  }

  /** The answer is for the gathering. */
  ask(gathering: Gathering, link: LinkId, request: PeerRequest, bodyBytesMax: number): AskId {
    const ask = this.#numbers.nextAsk();
    this.#asks.set(ask, { link, gathering });
    this.#perform({ type: 'ask', link, ask, request: encode(request), bodyBytesMax });
    return ask;
  }

  cancel(link: LinkId, ask: AskId): void {
    this.endAsk(ask);
    this.#perform({ type: 'cancelAsk', link, ask });
  }

  answer(link: LinkId, request: RequestId, reply: PeerReply, body: Uint8Array): void {
    this.#perform({ type: 'answer', link, request, head: encode(reply), body });
  }

  refuse(link: LinkId, request: RequestId, code: LinkCode): void {
    this.endRequest(request);
    this.#perform({ type: 'refuse', link, request, code });
  }

  requested(request: RequestId, link: LinkId, gathering: Gathering): void {
    this.#requests.set(request, { link, gathering });
  }

  askerOf(ask: AskId): Gathering | undefined {
    return this.#asks.get(ask)?.gathering;
  }

  /** Who asked; nothing more will come of it. */
  endAsk(ask: AskId): Gathering | undefined {
    const gathering = this.askerOf(ask);
    this.#asks.delete(ask);
    return gathering;
  }

  /** Who was asked; nothing more will come of it. */
  endRequest(request: RequestId): Gathering | undefined {
    const gathering = this.#requests.get(request)?.gathering;
    this.#requests.delete(request);
    return gathering;
  }

  left(gathering: Gathering): void {
    this.#forget((exchange) => exchange.gathering === gathering);
  }

  linkEnded(link: LinkId): void {
    this.#forget((exchange) => exchange.link === link);
  }

  #forget(isOver: (exchange: Exchange) => boolean): void {
    for (const [ask, exchange] of this.#asks) if (isOver(exchange)) this.#asks.delete(ask);
    for (const [request, exchange] of this.#requests) if (isOver(exchange)) this.#requests.delete(request);
  }
}
