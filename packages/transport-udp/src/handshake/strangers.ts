// Who knocks without being known: which first packets start a handshake, which are only answered with a token, and which
// are dropped. A repeated first packet finds the connection it began. Under load nothing is kept of a stranger before it
// has proved its address (RFC 9000 section 8.1.2).

import { type Address, bytesEqual, type Instant, msBetween, sameAddress } from '@shoal/machine';
import type { TransportConfig } from '../config.ts';
import { type CryptoSuite, keyBytes } from '../crypto.ts';
import type { Transmit } from '../datagram-machine.ts';
import { type ConnectionId, noConnectionId, sameConnectionId } from '../packet/header.ts';
import { AddressTokens } from './address-tokens.ts';
import { type HandshakePacket, retryStep, writeHandshakePacket } from './handshake-packet.ts';

/**
 * Tokens given at once, and in the long run. To make and send one costs more than to receive a stranger: further first
 * packets are dropped, so that a flood leaves the time to those who are connected. Who dials comes again.
 */
const retriesAtOnceMax = 64;
const retriesPerMs = 2;

export interface StrangersOptions {
  readonly config: TransportConfig;
  readonly crypto: CryptoSuite;
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** A stranger that was let in, and by what. */
interface Admitted<Connection> {
  readonly connection: Connection;
  readonly packet: HandshakePacket;
  readonly from: Address;
}

export class Strangers<Connection extends object> {
  readonly #options: StrangersOptions;
  /** By the first word of the id they go by: mostly one each, and under a flood mostly none. */
  readonly #admitted = new Map<number, Admitted<Connection>[]>();
  readonly #keys = new WeakMap<Connection, number>();
  /** Those whose handshake is not finished. */
  readonly #pending = new Set<Connection>();
  /** Strangers that are to come again with a token. */
  readonly #retries: { readonly address: Address; readonly source: ConnectionId }[] = [];
  #retriesLeft = retriesAtOnceMax;
  #retriesCountedAt: Instant | undefined;
  #tokens: AddressTokens | undefined;
  #refused = 0;
  #retriesSent = 0;

  constructor(options: StrangersOptions) {
    this.#options = options;
  }

  /** First packets dropped at a limit. */
  get refused(): number {
    return this.#refused;
  }

  /** First packets answered with a token only. */
  get retriesSent(): number {
    return this.#retriesSent;
  }

  /** The connection that this very packet began. */
  find({ source, message }: HandshakePacket, from: Address): Connection | undefined {
    const same = ({ packet, from: theirs }: Admitted<Connection>): boolean =>
      sameConnectionId(packet.source, source) && sameAddress(theirs, from) && bytesEqual(packet.message, message);
    return this.#admitted.get(source.high)?.find(same)?.connection;
  }

  /** True when a handshake may begin; else the stranger gets a token, or nothing. `full`: there is room for nobody. */
  admits(packet: HandshakePacket, from: Address, full: boolean, now: Instant): boolean {
    const { pendingHandshakesMax, retryFromHandshakes } = this.#options.config;
    if (full || this.#pending.size >= pendingHandshakesMax) {
      this.#refused += 1;
      return false;
    }
    if (this.#pending.size < retryFromHandshakes || this.#hasToken(packet, from, now)) return true;
    if (this.#takeRetry(now)) this.#retries.push({ address: from, source: packet.source });
    else this.#refused += 1;
    return false;
  }

  /** `connection` was begun by `packet`. */
  add(connection: Connection, packet: HandshakePacket, from: Address): void {
    const key = packet.source.high;
    const alike = this.#admitted.get(key) ?? [];
    alike.push({ connection, packet, from });
    this.#admitted.set(key, alike);
    this.#keys.set(connection, key);
    this.#pending.add(connection);
  }

  /** Its handshake is over, one way or the other. */
  settle(connection: Connection): void {
    this.#pending.delete(connection);
  }

  remove(connection: Connection): void {
    const key = this.#keys.get(connection);
    const alike = key === undefined ? undefined : this.#admitted.get(key);
    if (key === undefined || alike === undefined) return;
    const others = alike.filter((one) => one.connection !== connection);
    if (others.length > 0) this.#admitted.set(key, others);
    else this.#admitted.delete(key);
  }

  /** A token that is due, written into `out`. */
  pollTransmit(out: Uint8Array, now: Instant): Transmit | undefined {
    const retry = this.#retries.shift();
    if (retry === undefined) return undefined;
    const { address, source } = retry;
    const message = this.#addressTokens.issue(address, source, now);
    const token = new Uint8Array();
    const length = writeHandshakePacket(out, { to: source, source: noConnectionId, step: retryStep, message, token });
    this.#retriesSent += 1;
    return { length, segmentBytes: length, address };
  }

  #takeRetry(now: Instant): boolean {
    const more = retriesPerMs * msBetween(this.#retriesCountedAt ?? now, now);
    this.#retriesLeft = Math.min(retriesAtOnceMax, this.#retriesLeft + more);
    this.#retriesCountedAt = now;
    if (this.#retriesLeft < 1) return false;
    this.#retriesLeft -= 1;
    return true;
  }

  #hasToken({ token, source }: HandshakePacket, from: Address, now: Instant): boolean {
    return token.length > 0 && this.#addressTokens.accepts(token, from, source, now);
  }

  get #addressTokens(): AddressTokens {
    const { crypto, randomBytes } = this.#options;
    this.#tokens ??= new AddressTokens(crypto, randomBytes(keyBytes));
    return this.#tokens;
  }
}
