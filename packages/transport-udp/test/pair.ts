// A client and a server endpoint on a simulated network, and what happened to them.

import { type Instant, seededRng } from '@shoal/machine';
import {
  type Connection,
  Endpoint,
  type EndpointEvent,
  type EndpointOptions,
  type Stream,
  type TransportConfig,
} from '../src/index.ts';
import { nodeCrypto } from '../src/node/node-crypto.ts';
import { Lab, type PathProfile } from '../src/testing/index.ts';

export const clientAddress = { host: '10.0.0.1', port: 1_000 };
export const serverAddress = { host: '10.0.0.2', port: 2_000 };

/** An endpoint whose keys and draws all come from `seed`. */
export function endpointFrom(seed: string, options: Partial<EndpointOptions> = {}): Endpoint {
  const rng = seededRng(seed);
  const crypto = options.crypto ?? nodeCrypto;
  return new Endpoint({
    crypto,
    keyPair: crypto.keyPairOf(rng.bytes(32)),
    randomBytes: (count) => rng.bytes(count),
    ...options,
  });
}

export interface PairOptions {
  readonly profile?: PathProfile;
  readonly seed?: string;
  readonly config?: Partial<TransportConfig>;
  readonly client?: Partial<EndpointOptions>;
  readonly server?: Partial<EndpointOptions>;
}

/** Everything read from a stream so far, and how it ended. */
export interface Received {
  readonly parts: Uint8Array[];
  bytes: number;
  ended: boolean;
  reset: unknown;
}

export class Pair {
  readonly lab: Lab<EndpointEvent>;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly clientEvents: EndpointEvent[];
  readonly serverEvents: EndpointEvent[];
  readonly received = new Map<Stream, Received>();
  /** What to do with a stream the client opened, beside reading it. */
  onServerStream: (stream: Stream) => void = () => {};
  reading = true;
  connection!: Connection;
  serverConnection: Connection | undefined;

  constructor({ profile = { delayMs: 10 }, seed = 'pair', config = {}, client, server }: PairOptions = {}) {
    this.lab = new Lab(profile, seed);
    this.client = endpointFrom(`${seed}/client`, { config, ...client });
    this.server = endpointFrom(`${seed}/server`, { config, ...server });
    this.clientEvents = this.lab.add(clientAddress, this.client, (event) => this.#handle(event));
    this.serverEvents = this.lab.add(serverAddress, this.server, (event) => this.#handle(event));
  }

  get now(): Instant {
    return this.lab.now;
  }

  /** Dials and waits for both ends to be open. */
  connect(): this {
    this.connection = this.client.connect(serverAddress, this.now)!;
    this.lab.runUntil(() => this.connection.open && this.serverConnection?.open === true);
    return this;
  }

  /** Reads what the other end of `stream` has received. */
  far(stream: Stream): Received {
    for (const [other, received] of this.received) if (other.id === stream.id && other !== stream) return received;
    return { parts: [], bytes: 0, ended: false, reset: undefined };
  }

  read(stream: Stream): void {
    const received = this.receivedOf(stream);
    for (let part = stream.read(); part !== undefined; part = stream.read()) {
      received.parts.push(part);
      received.bytes += part.length;
    }
    if (stream.receiveState === 'finished') received.ended = true;
  }

  receivedOf(stream: Stream): Received {
    let received = this.received.get(stream);
    if (received === undefined) {
      received = { parts: [], bytes: 0, ended: false, reset: undefined };
      this.received.set(stream, received);
    }
    return received;
  }

  #handle(event: EndpointEvent): void {
    if (event.type === 'connectionOpened' && !event.connection.dialler) this.serverConnection = event.connection;
    if (event.type === 'streamOpened') {
      this.receivedOf(event.stream);
      this.onServerStream(event.stream);
    }
    if (event.type === 'streamReadable' && this.reading) this.read(event.stream);
    if (event.type === 'streamReset') this.receivedOf(event.stream).reset = event.reason;
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
