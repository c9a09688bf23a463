// Links over pipes: the LinkNetwork of `@shoal/machine/testing` on a FluidMedium.

import { type Address, type Instant, type LinkOrder, type PeerId, peerId, toHex } from '@shoal/machine';
import { type Agenda, type Delivery, LinkNetwork } from '@shoal/machine/testing';
import { FluidMedium, type FluidMediumOptions, type Rates } from './fluid-medium.ts';
import type { NewNode, SimNetwork } from './sim-network.ts';

export class FluidNetwork implements SimNetwork {
  readonly medium: FluidMedium;
  readonly agenda: Agenda;
  readonly lookaheadMs: number;
  readonly #links: LinkNetwork;

  constructor(options: FluidMediumOptions) {
    this.medium = new FluidMedium(options);
    this.agenda = this.medium.agenda;
    this.lookaheadMs = options.delayMs;
    this.#links = new LinkNetwork(this.medium);
  }

  addNode({ address, rng, rates }: NewNode): PeerId {
    const peer = peerId(toHex(rng.fork('identity').bytes(32)))!;
    this.medium.addNode(rates);
    this.#links.addNode(address, peer);
    return peer;
  }

  stopNode(node: number, now: Instant): void {
    this.#links.stopNode(node, now);
  }

  startNode(node: number): void {
    this.#links.startNode(node);
  }

  moveNode(node: number, address: Address, now: Instant): void {
    this.#links.moveNode(node, address, now);
  }

  partition(sideOf: ((node: number) => number) | undefined, now: Instant): void {
    this.#links.partition(sideOf, now);
  }

  setRates(node: number, rates: Rates): void {
    this.medium.setRates(node, rates);
  }

  perform(node: number, order: LinkOrder, now: Instant): void {
    this.#links.perform(node, order, now);
  }

  poll(): Delivery | undefined {
    return this.#links.poll();
  }
}
