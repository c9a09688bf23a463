// What an endpoint and links on a real socket have in common: who and where they are, their numbers, and how everything
// ends.

import type { Address, Instant, PeerId } from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';
import type { DatagramMachine } from '../datagram-machine.ts';
import type { Endpoint, EndpointStats } from '../endpoint.ts';
import { DatagramDriver } from './datagram-driver.ts';
import { nodeCrypto } from './node-crypto.ts';
import type { Ground } from './ground.ts';
import type { SocketStats } from './udp-socket.ts';

const closeMsMax = 3_000; // flushing takes at most 2 seconds, then the close has to leave

/** Numbers of the socket and what runs on it, and which ways they go. */
export interface TransportStats extends SocketStats, EndpointStats {
  /** What seals and opens: OpenSSL called directly, or by node:crypto. */
  readonly aead: 'openssl' | 'node:crypto';
}

export abstract class OnSocket<Output, M extends DatagramMachine<Output>> implements AsyncDisposable {
  protected readonly ground: Ground;
  protected readonly driver: DatagramDriver<Output, M>;
  readonly #endpoint: Endpoint;
  #closing: Promise<void> | undefined;

  /** `endpoint` is the machine, or what it stands on. */
  protected constructor(machine: M, endpoint: Endpoint, ground: Ground) {
    this.ground = ground;
    this.#endpoint = endpoint;
    this.driver = new DatagramDriver(machine, ground.socket, (output) => this.handle(output));
  }

  /** Our own identity. */
  get peer(): PeerId {
    return this.#endpoint.peer;
  }

  /** Where we are bound. */
  get address(): Address {
    return this.ground.socket.address;
  }

  get stats(): TransportStats {
    const { socket, crypto } = this.ground;
    return { ...socket.stats, ...this.#endpoint.stats, aead: crypto === nodeCrypto ? 'node:crypto' : 'openssl' };
  }

  /** Closes every connection once its remote has everything written, or after 2 seconds; then releases the socket. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected get closing(): boolean {
    return this.#closing !== undefined;
  }

  protected abstract handle(output: Output): void;

  /** Tells users, and the machine, that this is the end. */
  protected abstract end(machine: M, now: Instant): void;

  async #close(): Promise<void> {
    this.driver.tell((machine, now) => this.end(machine, now));
    const deadline = nodeClock.now() + closeMsMax;
    while (!this.#endpoint.quiet && nodeClock.now() < deadline) await this.driver.turned();
    this.driver.stop();
    await this.ground.socket.close();
    await this.ground.trace?.close();
  }
}
