// The link contract on a real socket: what trackers and peers are given.

import type { Address, LinkFact, LinkId, LinkOrder, LinkPort, PeerId } from '@shoal/machine';
import type { ConnectionStats } from '../connection/connection-facts.ts';
import { LinkCarrier } from '../links/link-carrier.ts';
import { DatagramDriver } from './datagram-driver.ts';
import {
  closeSocket,
  endpointOptions,
  type Ground,
  openGround,
  resolveAddress,
  type SocketOptions,
  type TransportStats,
  transportStats,
} from './socket-endpoint.ts';

/** A LinkPort on a UDP socket. */
export interface NodeLinks extends LinkPort, AsyncDisposable {
  recycle(body: Uint8Array): void;
  readonly stats: TransportStats;
  /** Numbers of one link; undefined when it is closed. */
  linkStats(link: LinkId): ConnectionStats | undefined;
}

/** Links notice a remote that vanished sooner than connections of strangers do. */
const linkTimes = { idleTimeoutMs: 15_000, keepAliveMs: 4_000 };

/** Opens a socket for links. Fails with ShoalError `addressInUse`, `permissionDenied` or `networkFailed`. */
export async function openLinks(options: SocketOptions = {}): Promise<NodeLinks> {
  const ground = await openGround(options);
  return new SocketLinks(new LinkCarrier(endpointOptions(ground, options, linkTimes)), ground);
}

class SocketLinks implements NodeLinks {
  readonly #carrier: LinkCarrier;
  readonly #ground: Ground;
  readonly #driver: DatagramDriver<LinkFact, LinkCarrier>;
  /** Facts from before somebody listened. */
  readonly #waiting: LinkFact[] = [];
  #handle: ((fact: LinkFact) => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(carrier: LinkCarrier, ground: Ground) {
    this.#carrier = carrier;
    this.#ground = ground;
    this.#driver = new DatagramDriver(carrier, ground.socket, (fact) => this.#tell(fact));
  }

  get peer(): PeerId {
    return this.#carrier.peer;
  }

  get address(): Address {
    return this.#ground.socket.address;
  }

  get stats(): TransportStats {
    return transportStats(this.#ground, this.#carrier.endpoint);
  }

  linkStats(link: LinkId): ConnectionStats | undefined {
    return this.#carrier.linkStats(link);
  }

  perform(order: LinkOrder): void {
    if (this.#closing !== undefined) return;
    if (order.type === 'dial') this.#dial(order);
    else this.#driver.tell((carrier, now) => carrier.perform(order, now));
  }

  recycle(body: Uint8Array): void {
    this.#carrier.bodies.give(body);
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

  #dial(order: LinkOrder & { type: 'dial' }): void {
    const resolved = resolveAddress(this.#ground.socket, order.address);
    if (resolved instanceof Promise) void resolved.then((address) => this.#dialResolved(order, address));
    else this.#dialResolved(order, resolved);
  }

  #dialResolved(order: LinkOrder & { type: 'dial' }, address: Address | undefined): void {
    this.#driver.tell((carrier, now) => {
      if (address === undefined) carrier.tell({ type: 'dialFailed', dial: order.dial, code: 'unreachable' });
      else carrier.perform({ ...order, address }, now);
    });
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
    await closeSocket(this.#driver, this.#carrier.endpoint, this.#ground.socket);
  }
}
