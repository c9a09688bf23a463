// The link contract on a real socket: what trackers and peers are given.

import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { type Address, type LinkFact, type LinkId, type LinkOrder, type LinkPort, type PeerId } from '@shoal/machine';
import { nodeClock, randomBytes } from '@shoal/machine/node';
import { defaultConfig, type TransportConfig } from '../config.ts';
import type { ConnectionStats } from '../connection/connection.ts';
import type { KeyPair } from '../crypto.ts';
import type { EndpointStats } from '../endpoint.ts';
import { LinkCarrier } from '../links/link-carrier.ts';
import { DatagramDriver } from './datagram-driver.ts';
import { generateKeyPair } from './identity.ts';
import { nodeCrypto } from './node-crypto.ts';
import { type SocketStats, UdpSocket } from './udp-socket.ts';

export interface LinksOptions {
  /** An address of this machine; '0.0.0.0' (default) or '::' for all. */
  readonly host?: string;
  /** 0 (default) for any free one. */
  readonly port?: number;
  /** Our identity; a new one by default. */
  readonly keyPair?: KeyPair;
  /** 32 bytes that every member of a private swarm has. */
  readonly psk?: Uint8Array;
  readonly config?: Partial<TransportConfig>;
  /** `false` to do without segmentation offload. */
  readonly offload?: boolean;
}

/** A LinkPort on a UDP socket. */
export interface NodeLinks extends LinkPort, AsyncDisposable {
  readonly stats: SocketStats & EndpointStats;
  linkStats(link: LinkId): ConnectionStats | undefined;
}

/** Links notice a remote that vanished sooner than connections of strangers do. */
const linkTimes = { idleTimeoutMs: 15_000, keepAliveMs: 4_000 };
const closeMsMax = 3_000; // flushing takes at most 2 seconds, then the close has to leave

/** Opens a socket for links. Fails with ShoalError `addressInUse`, `permissionDenied` or `networkFailed`. */
export async function openLinks(options: LinksOptions = {}): Promise<NodeLinks> {
  const datagramBytes = options.config?.datagramBytes ?? defaultConfig.datagramBytes;
  const socket = await UdpSocket.open({ ...options, datagramBytes });
  const carrier = new LinkCarrier({
    crypto: nodeCrypto,
    keyPair: options.keyPair ?? generateKeyPair(),
    randomBytes,
    ...(options.psk === undefined ? {} : { psk: options.psk }),
    config: {
      ...linkTimes,
      receiveBufferBytes: Math.max(19_200, socket.stats.receiveBufferBytes / 2), // the system counts its own overhead in
      ...options.config,
    },
  });
  return new SocketLinks(carrier, socket);
}

class SocketLinks implements NodeLinks {
  readonly #carrier: LinkCarrier;
  readonly #socket: UdpSocket;
  readonly #driver: DatagramDriver<LinkFact, LinkCarrier>;
  readonly #waiting: LinkFact[] = [];
  #handle: ((fact: LinkFact) => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(carrier: LinkCarrier, socket: UdpSocket) {
    this.#carrier = carrier;
    this.#socket = socket;
    this.#driver = new DatagramDriver(carrier, socket, (fact) => this.#tell(fact));
  }

  get peer(): PeerId {
    return this.#carrier.peer;
  }

  get address(): Address {
    return this.#socket.address;
  }

  get stats(): SocketStats & EndpointStats {
    return { ...this.#socket.stats, ...this.#carrier.endpoint.stats };
  }

  linkStats(link: LinkId): ConnectionStats | undefined {
    return this.#carrier.linkStats(link);
  }

  perform(order: LinkOrder): void {
    if (this.#closing !== undefined) return;
    if (order.type === 'dial' && !this.#reachable(order.address)) void this.#lookUp(order);
    else this.#driver.tell((carrier, now) => carrier.perform(order, now));
  }

  listen(handle: (fact: LinkFact) => void): void {
    this.#handle = handle;
    if (this.#waiting.length > 0) setImmediate(() => this.#tellWaiting());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** True for a numeric address that this socket can send to. */
  #reachable({ host }: Address): boolean {
    return isIP(host) !== 0 && isIPv6(host) === isIPv6(this.#socket.address.host);
  }

  async #lookUp(order: LinkOrder & { type: 'dial' }): Promise<void> {
    const family = isIPv6(this.#socket.address.host) ? 6 : 4;
    const found =
      isIP(order.address.host) !== 0 ? [] : await lookup(order.address.host, { family, all: true }).catch(() => []);
    const [first] = found;
    if (this.#closing !== undefined) return;
    if (first === undefined) {
      this.#driver.tell((carrier) => carrier.tell({ type: 'dialFailed', dial: order.dial, code: 'unreachable' }));
      return;
    }
    const address = { host: first.address, port: order.address.port };
    this.#driver.tell((carrier, now) => carrier.perform({ ...order, address }, now));
  }

  #tell(fact: LinkFact): void {
    if (this.#handle === undefined || this.#waiting.length > 0) this.#waiting.push(fact);
    else this.#handle(fact);
  }

  #tellWaiting(): void {
    for (const fact of this.#waiting.splice(0)) this.#handle!(fact);
  }

  async #close(): Promise<void> {
    this.#handle = () => {};
    this.#driver.tell((carrier, now) => carrier.close(now));
    const deadline = nodeClock.now() + closeMsMax;
    while (!this.#carrier.endpoint.quiet && nodeClock.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    this.#driver.stop();
    await this.#socket.close();
  }
}
