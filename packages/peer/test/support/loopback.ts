// Carriers for shells in one process: a LinkNetwork driven by the real clock, seen through LinkPorts.

import { type Address, Driver, type LinkFact, type LinkPort, peerId } from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';
import { type Delivery, LinkNetwork } from '@shoal/machine/testing';

export class Loopback {
  readonly #network = new LinkNetwork();
  readonly #handlers: ((fact: LinkFact) => void)[] = [];
  readonly #driver: Driver<Delivery, LinkNetwork>;

  constructor() {
    this.#driver = new Driver(this.#network, nodeClock, ({ node, fact }) => this.#handlers[node]?.(fact));
  }

  /** A carrier, at an address of its own unless one is given. */
  open(at?: Address): LinkPort {
    const number = this.#handlers.length;
    const address = at ?? { host: `10.0.0.${number + 1}`, port: 4000 };
    const peer = peerId((number + 1).toString(16).padStart(64, '0'))!;
    const node = this.#network.addNode(address, peer);
    this.#handlers.push(() => undefined);
    return {
      peer,
      address,
      perform: (order) => this.#driver.tell((network, now) => network.perform(node, order, now)),
      listen: (handle) => {
        this.#handlers[node] = handle;
      },
      close: async () => {
        this.#driver.tell((network, now) => network.stopNode(node, now));
      },
    };
  }
}
