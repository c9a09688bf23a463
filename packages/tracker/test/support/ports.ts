// LinkNetwork nodes as LinkPorts, on a clock that the test moves.

import { type Clock, Driver, type LinkFact, type LinkPort } from '@shoal/machine';
import { type Delivery, FakeClock, LinkNetwork } from '@shoal/machine/testing';
import { addressOf, peerOf } from './world.ts';

export class Ports {
  readonly clock: FakeClock = new FakeClock();
  readonly #driver: Driver<Delivery, LinkNetwork>;
  readonly #listeners: ((fact: LinkFact) => void)[] = [];

  constructor(clock: Clock = this.clock) {
    const deliver = ({ node, fact }: Delivery): void => this.#listeners[node]!(fact);
    this.#driver = new Driver(new LinkNetwork(), clock, deliver);
  }

  /** Port `number` (counted from 1) has address 10.0.2.number. Closing it stops its node. */
  open(): LinkPort {
    const number = this.#listeners.push(() => undefined);
    const [peer, address] = [peerOf(number), addressOf(number)];
    const node = this.#driver.machine.addNode(address, peer);
    return {
      peer,
      address,
      perform: (order) => this.#driver.tell((network, now) => network.perform(node, order, now)),
      listen: (handle) => {
        this.#listeners[node] = handle;
      },
      close: async () => this.#driver.tell((network, now) => network.stopNode(node, now)),
    };
  }
}
