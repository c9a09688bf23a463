// Who knocks without being known: which first packets start a handshake, which are only answered with a token, and which
// are dropped. A repeated first packet finds the connection it began. Under load nothing is kept of a stranger before it
// has proved its address (RFC 9000 section 8.1.2).

import { type Address, formatAddress, type Instant, toHex } from '@shoal/machine';
import type { TransportConfig } from '../config.ts';
import { type CryptoSuite, keyBytes } from '../crypto.ts';
import type { Transmit } from '../datagram-machine.ts';
import { type ConnectionId, noConnectionId } from '../packet/header.ts';
import { AddressTokens } from './address-tokens.ts';
import { type HandshakePacket, retryStep, writeHandshakePacket } from './handshake-packet.ts';

/** Tokens waiting to leave; beyond it first packets are dropped, so that a flood cannot fill what is sent. */
const retriesQueuedMax = 64;

export interface StrangersOptions {
  readonly config: TransportConfig;
  readonly crypto: CryptoSuite;
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
}

export class Strangers<Connection extends object> {
  readonly #options: StrangersOptions;
  /** By their first packet. */
  readonly #connections = new Map<string, Connection>();
  readonly #keys = new WeakMap<Connection, string>();
  /** Those whose handshake is not finished. */
  readonly #pending = new Set<Connection>();
  /** Strangers that are to come again with a token. */
  readonly #retries: { readonly address: Address; readonly source: ConnectionId }[] = [];
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
  find(packet: HandshakePacket, from: Address): Connection | undefined {
    return this.#connections.get(keyOf(packet, from));
  }

  /** True when a handshake may begin; else the stranger gets a token, or nothing. `full`: there is room for nobody. */
  admits(packet: HandshakePacket, from: Address, full: boolean, now: Instant): boolean {
    const { pendingHandshakesMax, retryFromHandshakes } = this.#options.config;
    if (full || this.#pending.size >= pendingHandshakesMax) {
      this.#refused += 1;
      return false;
    }
    if (this.#pending.size < retryFromHandshakes || this.#hasToken(packet, from, now)) return true;
    if (this.#retries.length < retriesQueuedMax) this.#retries.push({ address: from, source: packet.source });
    else this.#refused += 1;
    return false;
  }

  /** `connection` was begun by `packet`. */
  add(connection: Connection, packet: HandshakePacket, from: Address): void {
    const key = keyOf(packet, from);
    this.#connections.set(key, connection);
    this.#keys.set(connection, key);
    this.#pending.add(connection);
  }

  /** Its handshake is over, one way or the other. */
  settle(connection: Connection): void {
    this.#pending.delete(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(this.#keys.get(connection) ?? '');
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

  #hasToken({ token, source }: HandshakePacket, from: Address, now: Instant): boolean {
    return token.length > 0 && this.#addressTokens.accepts(token, from, source, now);
  }

  get #addressTokens(): AddressTokens {
    const { crypto, randomBytes } = this.#options;
    this.#tokens ??= new AddressTokens(crypto, randomBytes(keyBytes));
    return this.#tokens;
  }
}

const keyOf = ({ source, message }: HandshakePacket, from: Address): string =>
  `${formatAddress(from)} ${source.high} ${source.low} ${toHex(message)}`;
