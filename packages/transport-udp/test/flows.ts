// Bulk transfers from one sender over one simulated bottleneck, each with a controller of its own, watched as they go.

import { instant, type Instant, seededRng } from '@shoal/machine';
import {
  type Connection,
  type CongestionFactory,
  type Endpoint,
  type EndpointEvent,
  type Stream,
} from '../src/index.ts';
import type { DatagramMachine } from '../src/datagram-machine.ts';
import { Lab, type PathProfile } from '../src/testing/index.ts';
import { LateMachine, type Lateness } from './late-machine.ts';
import { clientAddress, endpointFrom, serverAddress } from './pair.ts';

const chunk = new Uint8Array(262_144);

/** One transfer. */
export interface Flow {
  readonly connection: Connection;
  /** Bytes its receiver has read. */
  received: number;
  /** False: nothing more is written. */
  active: boolean;
}

export class Flows {
  readonly lab: Lab<EndpointEvent>;
  readonly #client: Endpoint;
  readonly #seed: string;
  readonly #lateness: Lateness | undefined;
  readonly #flows: Flow[] = [];
  readonly #outputs: EndpointEvent[][] = [];

  /** With `lateness`, that of every process. */
  constructor(profile: PathProfile, seed = 'flows', lateness?: Lateness) {
    this.lab = new Lab(profile, seed);
    this.#seed = seed;
    this.#lateness = lateness;
    this.#client = endpointFrom(`${seed}/client`);
    const outputs = this.lab.add(clientAddress, this.#process(this.#client, 'client'), (event) => {
      if (event.type !== 'streamWritable') return;
      const flow = this.#flows.find(({ connection }) => connection === event.connection);
      if (flow?.active === true) this.#fill(event.stream);
    });
    this.#outputs.push(outputs);
  }

  get now(): Instant {
    return this.lab.now;
  }

  /** A transfer without end to a receiver of its own. */
  start(congestion: CongestionFactory): Flow {
    const address = { ...serverAddress, port: serverAddress.port + this.#flows.length };
    const flow: Flow = {
      connection: this.#client.connect(address, this.now, { congestion })!,
      received: 0,
      active: true,
    };
    this.#flows.push(flow);
    const name = `server/${address.port}`;
    const outputs = this.lab.add(address, this.#process(endpointFrom(`${this.#seed}/${name}`), name), (event) => {
      if (event.type !== 'streamReadable') return;
      for (let part = event.stream.read(); part !== undefined; part = event.stream.read()) flow.received += part.length;
    });
    this.#outputs.push(outputs);
    this.lab.runUntil(() => flow.connection.open);
    this.#fill(flow.connection.openStream()!);
    return flow;
  }

  run(ms: number): void {
    const end = instant(this.now + ms);
    while (this.lab.step(end)) this.#forget();
    this.lab.run(end - this.now);
  }

  /** Mbit/s of application bytes of each of `flows` over the next `ms`. */
  measure(flows: readonly Flow[], ms: number): number[] {
    const before = flows.map(({ received }) => received);
    this.run(ms);
    return flows.map(({ received }, i) => ((received - before[i]!) * 8) / 1_000 / ms);
  }

  #process(endpoint: Endpoint, name: string): DatagramMachine<EndpointEvent> {
    if (this.#lateness === undefined) return endpoint;
    return new LateMachine(endpoint, this.#lateness, seededRng(`${this.#seed}/${name}`));
  }

  #fill(stream: Stream): void {
    while (stream.queuedBytes < 2 * chunk.length) stream.write(chunk);
    stream.notifyBelow(chunk.length);
  }

  /** The lab collects events; long runs would keep them all. */
  #forget(): void {
    for (const outputs of this.#outputs) outputs.length = 0;
  }
}
