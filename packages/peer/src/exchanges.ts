// What is under way on the links: whose answers are awaited, and whose requests are being answered.

import type { AskId, LinkId, RequestId } from '@shoal/machine';
import type { Gathering } from './gathering.ts';

/** What an exchange belongs to. */
interface Exchange {
  readonly link: LinkId;
  readonly gathering: Gathering;
}

export class Exchanges {
  readonly #asks = new Map<AskId, Exchange>();
  readonly #requests = new Map<RequestId, Exchange>();

  asked(ask: AskId, link: LinkId, gathering: Gathering): void {
    this.#asks.set(ask, { link, gathering });
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
