// One socket's worth of connections, without the socket: datagrams in, datagrams out, events between. Whoever owns it
// gives it time, received datagrams and a buffer to fill; it never waits, reads a clock or draws randomness of its own.

import {
  type Address,
  formatAddress,
  fromHex,
  type Instant,
  instant,
  type Machine,
  Outbox,
  type PeerId,
  peerId,
  Timers,
  toHex,
  UsageError,
} from '@shoal/machine';
import { resolveConfig, type TransportConfig } from './config.ts';
import type { CongestionFactory } from './congestion/controller.ts';
import { controllerFor, type TransferPriority } from './congestion/priority.ts';
import { Connection, type ConnectionOwner } from './connection/connection.ts';
import type { ConnectionEvent } from './connection/connection-facts.ts';
import type { Batch } from './connection/packetizer.ts';
import { type CryptoSuite, keyBytes, type KeyPair, tagBytes } from './crypto.ts';
import { AddressTokens } from './handshake/address-tokens.ts';
import { Dials } from './handshake/dials.ts';
import {
  firstDatagramBytes,
  type HandshakePacket,
  readHandshakePacket,
  retryStep,
  writeHandshakePacket,
} from './handshake/handshake-packet.ts';
import type { HandshakerOptions } from './handshake/handshaker.ts';
import type { TransportParameters } from './handshake/parameters.ts';
import {
  type ConnectionId,
  connectionIdFrom,
  noConnectionId,
  packetKinds,
  packetLengthAt,
  sameConnectionId,
  viewOf,
} from './packet/header.ts';
import { RecordMemory } from './streams/record.ts';

export interface EndpointOptions {
  readonly crypto: CryptoSuite;
  /** The identity. */
  readonly keyPair: KeyPair;
  /** Unguessable bytes: ephemeral keys and connection ids come from here. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** 32 bytes that every member of a private swarm has; only members can connect. */
  readonly psk?: Uint8Array;
  readonly config?: Partial<TransportConfig>;
  /** Instead of what `config.priority` chooses. */
  readonly congestion?: CongestionFactory;
}

export interface ConnectOptions {
  /** Whoever else answers there is refused and never learns who dialled. */
  readonly expect?: PeerId;
  /** For this connection instead of the endpoint's own. */
  readonly priority?: TransferPriority;
  readonly congestion?: CongestionFactory;
}

export type EndpointEvent = ConnectionEvent & { readonly connection: Connection };

/** What to send: the first `length` bytes of the buffer, cut into datagrams of `segmentBytes` (the last may be shorter). */
export interface Transmit {
  readonly length: number;
  readonly segmentBytes: number;
  readonly address: Address;
}

/** Counters since the beginning. Sizes in bytes of UDP payload. */
export interface EndpointStats {
  readonly connections: number;
  readonly datagramsReceived: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Packets that belong to no connection, or are no packets at all. */
  readonly packetsUnknown: number;
  /** First packets of strangers turned away at a limit. */
  readonly handshakesRefused: number;
  /** First packets of strangers answered with a token only. */
  readonly retriesSent: number;
}

/** A machine that speaks datagrams: what a socket, or a simulated network, drives. */
export interface DatagramMachine<Output> extends Machine<Output> {
  /** Takes in what the socket received: one datagram, or several of one sender back to back. Never throws. */
  handleDatagram(bytes: Uint8Array, from: Address, now: Instant): void;
  /**
   * Fills `buffer` with datagrams for one address; undefined when nothing may leave now. Call it until then after
   * every other call. The longer the buffer (up to 64 KiB), the more leaves in one go.
   */
  pollTransmit(buffer: Uint8Array, now: Instant): Transmit | undefined;
}

/** Tokens waiting to leave; beyond it first packets are dropped, so that a flood cannot fill what is sent. */
const retriesQueuedMax = 64;

const nowhere: Address = { host: '', port: 0 };
const firstMessageBytesMax = keyBytes + tagBytes;

export class Endpoint implements DatagramMachine<EndpointEvent>, ConnectionOwner {
  /** Our identity. */
  readonly peer: PeerId;
  readonly config: TransportConfig;
  readonly #options: EndpointOptions;
  readonly #congestion: CongestionFactory;
  readonly #out = new Outbox<EndpointEvent>();
  readonly #memory = new RecordMemory();
  /** By the first word of our connection id; the second is checked. */
  readonly #connections = new Map<number, Connection>();
  /** Connections of strangers by their first packet, so that a repeated one finds its connection and no other does. */
  readonly #strangers = new Map<string, Connection>();
  readonly #strangerKeys = new WeakMap<Connection, string>();
  readonly #dials = new Dials<Connection>();
  /** Strangers whose handshake is not finished. */
  readonly #pending = new Set<Connection>();
  readonly #timers = new Timers<Connection>();
  /** Told or written to since they were last asked to transmit, in the order of their turns. */
  readonly #ready = new Set<Connection>();
  readonly #touched = new Set<Connection>();
  #now: Instant = instant(0);
  #datagramsReceived = 0;
  #bytesReceived = 0;
  #bytesSent = 0;
  #packetsUnknown = 0;
  #handshakesRefused = 0;
  #retriesSent = 0;
  /** Strangers that are to come again with a token. */
  readonly #retries: { readonly address: Address; readonly source: ConnectionId }[] = [];
  #tokens: AddressTokens | undefined;

  constructor(options: EndpointOptions) {
    if (options.psk !== undefined && options.psk.length !== keyBytes)
      throw new UsageError('psk', `must be ${keyBytes} bytes, not ${options.psk.length}`);
    if (options.keyPair.publicKey.length !== keyBytes || options.keyPair.privateKey.length !== keyBytes)
      throw new UsageError('keyPair', `must be two keys of ${keyBytes} bytes`);
    this.#options = options;
    this.config = resolveConfig(options.config);
    this.peer = peerId(toHex(options.keyPair.publicKey))!;
    this.#congestion = options.congestion ?? controllerFor(this.config.priority);
  }

  get stats(): EndpointStats {
    return {
      connections: this.#connections.size,
      datagramsReceived: this.#datagramsReceived,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      packetsUnknown: this.#packetsUnknown,
      handshakesRefused: this.#handshakesRefused,
      retriesSent: this.#retriesSent,
    };
  }

  /** All connections that are not forgotten yet. */
  connections(): IterableIterator<Connection> {
    return this.#connections.values();
  }

  /** True when every connection is closed and its remote has been told: the socket may be released. */
  get quiet(): boolean {
    for (const connection of this.#connections.values()) if (!connection.quiet) return false;
    return true;
  }

  /**
   * Dials. `connectionOpened` or `connectionClosed` follows; undefined when there are `connectionsMax` already.
   *
   * Two endpoints that dial each other at once meet in one connection, on both sides the one returned here, and their
   * packets open the way through port-restricted NATs for each other (hole punching). That holds for one dial to an
   * address at a time.
   */
  connect(address: Address, now: Instant, options: ConnectOptions = {}): Connection | undefined {
    this.#now = now;
    if (this.#connections.size >= this.config.connectionsMax) return undefined;
    const connection = this.#add(address, now, undefined, options);
    this.#dials.add(connection, address, connection.localId);
    return connection;
  }

  handleDatagram(bytes: Uint8Array, from: Address, now: Instant): void {
    this.#now = now;
    this.#datagramsReceived += 1;
    this.#bytesReceived += bytes.length;
    const view = viewOf(bytes);
    let credited: Connection | undefined;
    for (let at = 0; at < bytes.length;) {
      const length = packetLengthAt(view, at);
      if (length === 0) {
        this.#packetsUnknown += 1; // no telling where the next packet starts
        return;
      }
      const connection = this.#connectionAt(view, at);
      if (connection !== undefined && connection !== credited) connection.noteReceived(bytes.length);
      credited = connection;
      if (view.getUint8(at) === packetKinds.handshake) this.#handleHandshake(bytes, at, length, from, connection);
      else if (connection !== undefined) connection.handlePacket(bytes, view, at, length, from, now);
      else this.#packetsUnknown += 1;
      at += length;
    }
    this.#settle();
  }

  poll(): EndpointEvent | undefined {
    const event = this.#out.poll();
    if (event === undefined) this.#settle(); // users of events may have written, read or closed
    return event;
  }

  nextTimeout(): Instant {
    this.#settle();
    return this.#timers.next();
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    for (let due = this.#timers.pop(now); due !== undefined; due = this.#timers.pop(now)) {
      due.handleTimeout(now);
      this.touched(due);
    }
    this.#settle();
  }

  pollTransmit(buffer: Uint8Array, now: Instant): Transmit | undefined {
    this.#now = now;
    this.#settle();
    const retry = this.#retries.shift();
    if (retry !== undefined) return this.#transmitRetry(retry, buffer);
    const view = viewOf(buffer);
    const batch: Batch = { length: 0, segmentBytes: 0, address: nowhere };
    for (const connection of this.#ready) {
      this.#ready.delete(connection);
      connection.fill(buffer, view, now, batch);
      this.#touched.add(connection);
      if (batch.length === 0) continue;
      this.#ready.add(connection); // behind the others, until it has nothing more
      this.#bytesSent += batch.length;
      this.#settle();
      return { length: batch.length, segmentBytes: batch.segmentBytes, address: batch.address };
    }
    this.#settle();
    return undefined;
  }

  /** Closes every connection, as `Connection.close` does. */
  close(now: Instant, options?: { flush?: boolean }): void {
    this.#now = now;
    for (const connection of this.#connections.values()) connection.close(now, 'done', options);
    this.#settle();
  }

  // What connections ask (ConnectionOwner)

  emit(connection: Connection, event: ConnectionEvent): void {
    this.#out.push({ ...event, connection });
  }

  touched(connection: Connection): void {
    this.#touched.add(connection);
    this.#ready.add(connection);
  }

  // Inside

  /** Brings timers and tables up to date for every connection that something happened to. */
  #settle(): void {
    for (const connection of this.#touched) {
      if (!connection.handshaking) this.#settleHandshake(connection);
      if (connection.closed) this.#remove(connection);
      else this.#timers.set(connection, connection.nextTimeout(this.#now));
    }
    this.#touched.clear();
  }

  #settleHandshake(connection: Connection): void {
    this.#pending.delete(connection);
    const dialled = this.#dials.idOf(connection);
    if (dialled === undefined) return;
    if (dialled.high !== connection.localId.high) {
      this.#connections.delete(dialled.high);
      if (!connection.closed) this.#connections.set(connection.localId.high, connection);
    }
    if (connection.confirmed || connection.closed) this.#dials.remove(connection);
  }

  #connectionAt(view: DataView, at: number): Connection | undefined {
    const connection = this.#connections.get(view.getUint32(at + 3));
    return connection?.localId.low === view.getUint32(at + 7) ? connection : undefined;
  }

  #handleHandshake(bytes: Uint8Array, at: number, length: number, from: Address, known: Connection | undefined): void {
    const packet = readHandshakePacket(bytes, at, length);
    if (packet === undefined) return;
    if (packet.step !== 1) {
      const connection = known ?? this.#dials.answering(packet.to.high);
      connection?.handleHandshake(packet, this.#now);
      if (connection === undefined) this.#packetsUnknown += 1;
      else this.#settle(); // from the next packet on it may go by another id
      return;
    }
    // The whole first datagram must be there: an answer is never larger than the question. The message has one size,
    // or one larger by a tag: what is kept of a stranger is bounded.
    if (length < firstDatagramBytes || packet.message.length > firstMessageBytesMax) return;
    const dial = this.#dials.to(from);
    // Dialling ourselves, we are a stranger like any other.
    if (dial === undefined || sameConnectionId(packet.source, dial.localId)) this.#handleStranger(packet, from, length);
    else if (dial.handshaking) this.#handleMeeting(packet, dial);
    // An open one is what its remote will find: it has our last message, or gets it again.
  }

  #handleMeeting(packet: HandshakePacket, dial: Connection): void {
    dial.handleMeeting(
      packet,
      () => {
        const id = this.#newConnectionId();
        this.#dials.addAnswer(dial, id);
        return this.#handshake(id, dial.expected);
      },
      this.#now,
    );
  }

  #handleStranger(packet: HandshakePacket, from: Address, length: number): void {
    const key = `${formatAddress(from)} ${packet.source.high} ${packet.source.low} ${toHex(packet.message)}`;
    let connection = this.#strangers.get(key);
    if (connection === undefined) {
      const { connectionsMax, pendingHandshakesMax, retryFromHandshakes } = this.config;
      if (this.#connections.size >= connectionsMax || this.#pending.size >= pendingHandshakesMax) {
        this.#handshakesRefused += 1;
        return;
      }
      if (this.#pending.size >= retryFromHandshakes && !this.#hasToken(packet, from)) {
        if (this.#retries.length < retriesQueuedMax) this.#retries.push({ address: from, source: packet.source });
        else this.#handshakesRefused += 1;
        return;
      }
      connection = this.#add(from, this.#now, packet.source);
      this.#strangers.set(key, connection);
      this.#strangerKeys.set(connection, key);
      this.#pending.add(connection);
    }
    connection.noteReceived(length);
    connection.handleHandshake(packet, this.#now);
  }

  #hasToken({ token, source }: HandshakePacket, from: Address): boolean {
    return token.length > 0 && this.#addressTokens.accepts(token, from, source, this.#now);
  }

  #transmitRetry({ address, source }: { address: Address; source: ConnectionId }, out: Uint8Array): Transmit {
    const message = this.#addressTokens.issue(address, source, this.#now);
    const token = new Uint8Array();
    const length = writeHandshakePacket(out, { to: source, source: noConnectionId, step: retryStep, message, token });
    this.#retriesSent += 1;
    this.#bytesSent += length;
    return { length, segmentBytes: length, address };
  }

  get #addressTokens(): AddressTokens {
    const { crypto, randomBytes } = this.#options;
    this.#tokens ??= new AddressTokens(crypto, randomBytes(keyBytes));
    return this.#tokens;
  }

  #add(address: Address, now: Instant, initiatorId?: ConnectionId, options: ConnectOptions = {}): Connection {
    const { expect, priority } = options;
    const chosen = priority === undefined ? this.#congestion : controllerFor(priority);
    const localId = this.#newConnectionId();
    const connection = new Connection({
      owner: this,
      config: this.config,
      handshake: this.#handshake(localId, expect === undefined ? undefined : fromHex(expect)),
      address,
      ...(initiatorId === undefined ? {} : { initiatorId }),
      congestion: options.congestion ?? chosen,
      memory: this.#memory,
      randomBytes: this.#options.randomBytes,
      now,
    });
    this.#connections.set(localId.high, connection);
    this.touched(connection);
    return connection;
  }

  #handshake(localId: ConnectionId, expect: Uint8Array | undefined): HandshakerOptions {
    const { crypto, keyPair, psk, randomBytes } = this.#options;
    return {
      crypto,
      keyPair,
      ephemeralKey: crypto.keyPairOf(randomBytes(keyBytes)),
      parameters: this.#parameters(localId),
      ...(psk === undefined ? {} : { psk }),
      ...(expect === undefined ? {} : { expect }),
    };
  }

  #newConnectionId(): ConnectionId {
    for (;;) {
      const id = connectionIdFrom(this.#options.randomBytes(8));
      if (!this.#connections.has(id.high) && this.#dials.answering(id.high) === undefined) return id;
    }
  }

  #parameters(connectionId: ConnectionId): TransportParameters {
    const { connectionWindowBytes, streamWindowBytes, remoteStreamsMax, idleTimeoutMs, receiveBufferBytes } =
      this.config;
    return {
      connectionId,
      connectionWindowBytes,
      streamWindowBytes,
      remoteStreamsMax,
      datagramBytesMax: 65_507,
      idleTimeoutMs,
      receiveBufferBytes,
    };
  }

  #remove(connection: Connection): void {
    this.#timers.clear(connection);
    this.#dials.remove(connection);
    this.#ready.delete(connection);
    this.#connections.delete(connection.localId.high);
    this.#strangers.delete(this.#strangerKeys.get(connection) ?? '');
  }
}
