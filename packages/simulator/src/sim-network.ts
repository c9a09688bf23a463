// What a simulated world asks of its network: to carry links between nodes in virtual time. Two bodies: `FluidNetwork`,
// cheap enough for large swarms, and `DatagramLinks`, which runs the real transport packet by packet.

import type { Address, Instant, LinkOrder, PeerId, Rng } from '@shoal/machine';
import type { Agenda, Delivery } from '@shoal/machine/testing';
import type { Rates } from './fluid-medium.ts';

export interface NewNode {
  readonly address: Address;
  /** Draws its identity, and whatever chance it needs later. */
  readonly rng: Rng;
  readonly rates: Rates;
}

export interface SimNetwork {
  /** All that it does later. What happens to a node here may be told to it, and to no other. */
  readonly agenda: Agenda;
  /** How long what a node does takes at least until another can notice. Within less than that, either may go first. */
  readonly lookaheadMs: number;
  /** Nodes are numbered from 0. Answers the identity of the new one. */
  addNode(node: NewNode): PeerId;
  /** The node vanishes without a word. */
  stopNode(node: number, now: Instant): void;
  /** The node is back, with no links. */
  startNode(node: number, now: Instant): void;
  /** The node is reached at another address from now on; its links stay. */
  moveNode(node: number, address: Address, now: Instant): void;
  /** Nodes reach only those on their side; without sides, everybody again. */
  partition(sideOf: ((node: number) => number) | undefined, now: Instant): void;
  setRates(node: number, rates: Rates): void;
  perform(node: number, order: LinkOrder, now: Instant): void;
  /** The next fact that has come of it, to be asked after every call and happening until there is none. */
  poll(): Delivery | undefined;
}
