// The link contract on a real socket: what trackers and peers are given.

import {
  type Address,
  type Instant,
  instant,
  type LinkFact,
  type LinkId,
  type LinkOrder,
  type LinkPort,
  msBetween,
} from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';
import type { ConnectionStats } from '../connection/connection-facts.ts';
import { LinkCarrier } from '../links/link-carrier.ts';
import { OnSocket, type TransportStats } from './on-socket.ts';
import { endpointOptions, type Ground, openGround, resolveAddress, type SocketOptions } from './ground.ts';

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
  const groupSecret = options.psk && ground.crypto.hkdf(options.psk, groupLabel, 32);
  return new SocketLinks(new LinkCarrier(endpointOptions(ground, options, linkTimes)), ground, groupSecret);
}

const dropsEveryMs = 10; // a look costs some microseconds, too much for every answer

/** The key itself leaves the transport for nobody. */
const groupLabel = new TextEncoder().encode('shoal group');

class SocketLinks extends OnSocket<LinkFact, LinkCarrier> implements NodeLinks {
  /** Facts from before somebody listened. */
  readonly #waiting: LinkFact[] = [];
  #listener: ((fact: LinkFact) => void) | undefined;
  #dropsAt: Instant = instant(0);

  readonly groupSecret: Uint8Array | undefined;

  constructor(carrier: LinkCarrier, ground: Ground, groupSecret: Uint8Array | undefined) {
    super(carrier, carrier.endpoint, ground);
    this.groupSecret = groupSecret;
  }

  linkStats(link: LinkId): ConnectionStats | undefined {
    return this.driver.machine.linkStats(link);
  }

  perform(order: LinkOrder): void {
    if (this.closing) return;
    if (order.type === 'dial') this.#dial(order);
    else this.driver.tell((carrier, now) => carrier.perform(order, now));
  }

  lend(bytes: number): Uint8Array {
    return this.driver.machine.bodies.take(bytes);
  }

  recycle(body: Uint8Array): void {
    this.driver.machine.bodies.give(body);
  }

  listen(handle: (fact: LinkFact) => void): void {
    this.#listener = handle;
    if (this.#waiting.length > 0) setImmediate(() => this.#tellWaiting());
  }

  protected override handle(fact: LinkFact): void {
    const told = fact.type === 'answerReceived' ? this.#withDrops(fact) : fact;
    if (this.#listener === undefined || this.#waiting.length > 0) this.#waiting.push(told);
    else this.#listener(told);
  }

  #withDrops(fact: LinkFact & { type: 'answerReceived' }): LinkFact {
    const now = nodeClock.now();
    if (msBetween(this.#dropsAt, now) < dropsEveryMs) return fact;
    this.#dropsAt = now;
    const { kernelDrops } = this.ground.socket;
    return kernelDrops === undefined ? fact : { ...fact, kernelDrops };
  }

  protected override end(carrier: LinkCarrier, now: Instant): void {
    this.#listener = () => {};
    carrier.close(now);
  }

  #dial(order: LinkOrder & { type: 'dial' }): void {
    const resolved = resolveAddress(this.ground.socket, order.address);
    if (resolved instanceof Promise) void resolved.then((address) => this.#dialResolved(order, address));
    else this.#dialResolved(order, resolved);
  }

  #dialResolved(order: LinkOrder & { type: 'dial' }, address: Address | undefined): void {
    this.driver.tell((carrier, now) => {
      if (address === undefined) carrier.tell({ type: 'dialFailed', dial: order.dial, code: 'unreachable' });
      else carrier.perform({ ...order, address }, now);
    });
  }

  #tellWaiting(): void {
    for (const fact of this.#waiting.splice(0)) this.#listener!(fact);
  }
}
