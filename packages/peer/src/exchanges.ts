// What is under way on the links: whose answers are awaited, and whose requests are being answered.

import type { AskId, LinkId, RequestId } from '@shoal/machine';
import type { Swarm } from './swarm.ts';

/** What an exchange belongs to. */
interface Exchange {
  readonly link: LinkId;
  readonly swarm: Swarm;
}

export class Exchanges {
  readonly #asks = new Map<AskId, Exchange>();
  readonly #requests = new Map<RequestId, Exchange>();

  asked(ask: AskId, link: LinkId, swarm: Swarm): void {
    this.#asks.set(ask, { link, swarm });
  }

  requested(request: RequestId, link: LinkId, swarm: Swarm): void {
    this.#requests.set(request, { link, swarm });
  }

  askerOf(ask: AskId): Swarm | undefined {
    return this.#asks.get(ask)?.swarm;
  }

  /** Who asked; nothing more will come of it. */
  endAsk(ask: AskId): Swarm | undefined {
    const swarm = this.askerOf(ask);
    this.#asks.delete(ask);
    return swarm;
  }

  /** Who was asked; nothing more will come of it. */
  endRequest(request: RequestId): Swarm | undefined {
    const swarm = this.#requests.get(request)?.swarm;
    this.#requests.delete(request);
    return swarm;
  }

  swarmLeft(swarm: Swarm): void {
    this.#forget((exchange) => exchange.swarm === swarm);
  }

  linkEnded(link: LinkId): void {
    this.#forget((exchange) => exchange.link === link);
  }

  #forget(isOver: (exchange: Exchange) => boolean): void {
    for (const [ask, exchange] of this.#asks) if (isOver(exchange)) this.#asks.delete(ask);
    for (const [request, exchange] of this.#requests) if (isOver(exchange)) this.#requests.delete(request);
  }
}
