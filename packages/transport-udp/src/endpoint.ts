// One socket's worth of connections, without the socket: datagrams in, datagrams out, events between. Whoever owns it
// gives it time, received datagrams and a buffer to fill; it never waits, reads a clock or draws randomness of its own.

import {
  type Address,
  fromHex,
  type Instant,
  instant,
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
import type { DatagramMachine, Transmit } from './datagram-machine.ts';
import type { EventSink } from './events/transport-event.ts';
import { Dials } from './handshake/dials.ts';
import { firstDatagramBytes, type HandshakePacket, readHandshakePacket } from './handshake/handshake-packet.ts';
import type { HandshakerOptions } from './handshake/handshaker.ts';
import type { TransportParameters } from './handshake/parameters.ts';
import { Strangers } from './handshake/strangers.ts';
import { findPacket } from './packet/find-packet.ts';
import {
  type ConnectionId,
  connectionIdFrom,
  packetKinds,
  packetLengthAt,
  sameConnectionId,
  viewOf,
} from './packet/header.ts';
import { firstConnectionWindowBytes, firstStreamWindowBytes } from './streams/flow-control.ts';
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
  /** Who is told what happens inside, for logs and traces. */
  readonly events?: EventSink | undefined;
}

export interface ConnectOptions {
  /** Whoever else answers there is refused and never learns who dialled. */
  readonly expect?: PeerId;
  /** For this connection instead of the endpoint's own. */
  readonly priority?: TransferPriority;
  readonly congestion?: CongestionFactory;
}

export type EndpointEvent = ConnectionEvent & { readonly connection: Connection };

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

/** Unproved packets looked at in one buffer, which is at most 64 datagrams (GRO). The rest of it is dropped then. */
const unprovedPacketsMax = 256;
const nowhere: Address = { host: '', port: 0 };
const firstMessageBytesMax = keyBytes + tagBytes;

export class Endpoint implements DatagramMachine<EndpointEvent> {
  /** Our identity. */
  readonly peer: PeerId;
  readonly config: TransportConfig;
  readonly #options: EndpointOptions;
  readonly #congestion: CongestionFactory;
  readonly #out = new Outbox<EndpointEvent>();
  readonly #owner: ConnectionOwner;
  /** By the first word of our connection id; the second is checked. */
  readonly #connections = new Map<number, Connection>();
  readonly #strangers: Strangers<Connection>;
  readonly #dials = new Dials<Connection>();
  readonly #timers = new Timers<Connection>();
  /** Told or written to since they were last asked to transmit, in the order of their turns: each once (`inLine`). */
  readonly #line = new Outbox<Connection>();
  /** Something happened to them since the tables and timers were last brought up to date: each once (`touched`). */
  readonly #touched = new Outbox<Connection>();
  #now: Instant = instant(0);
  #datagramsReceived = 0;
  #bytesReceived = 0;
  #bytesSent = 0;
  #packetsUnknown = 0;

  constructor(options: EndpointOptions) {
    if (options.psk !== undefined && options.psk.length !== keyBytes)
      throw new UsageError('psk', `must be ${keyBytes} bytes, not ${options.psk.length}`);
    if (options.keyPair.publicKey.length !== keyBytes || options.keyPair.privateKey.length !== keyBytes)
      throw new UsageError('keyPair', `must be two keys of ${keyBytes} bytes`);
    this.#options = options;
    this.config = resolveConfig(options.config);
    this.peer = peerId(toHex(options.keyPair.publicKey))!;
    this.#owner = {
      config: this.config,
      memory: new RecordMemory(),
      randomBytes: options.randomBytes,
      events: options.events,
      emit: (connection, event) => this.#out.push({ ...event, connection }),
      touched: (connection) => this.#touch(connection),
    };
    this.#strangers = new Strangers({ ...options, config: this.config });
    this.#congestion = options.congestion ?? controllerFor(this.config.priority);
  }

  get stats(): EndpointStats {
    return {
      connections: this.#connections.size,
      datagramsReceived: this.#datagramsReceived,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      packetsUnknown: this.#packetsUnknown,
      handshakesRefused: this.#strangers.refused,
      retriesSent: this.#strangers.retriesSent,
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
    if (this.#full) return undefined;
    const connection = this.#add(address, now, undefined, options);
    this.#dials.add(connection, address, connection.localId);
    return connection;
  }

  handleDatagram(bytes: Uint8Array, from: Address, now: Instant): void {
    this.#now = now;
    this.#datagramsReceived += 1;
    this.#bytesReceived += bytes.length;
    const view = viewOf(bytes);
    for (let at = 0, unproved = 0; at < bytes.length && unproved < unprovedPacketsMax;) {
      const length = packetLengthAt(view, at);
      const end = length === 0 ? bytes.length : at + length;
      const proved = length > 0 && this.#handlePacket(bytes, view, at, length, from);
      if (length === 0) this.#packetsUnknown += 1;
      if (!proved) unproved += 1;
      at = proved ? end : findPacket(bytes, view, at + 1, end, this.#isKnown);
    }
    // Settled when next asked for a timeout: several datagrams mostly come before that.
  }

  poll(): EndpointEvent | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    this.#settle();
    return this.#timers.next();
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    this.#settle();
    for (let due = this.#timers.pop(now); due !== undefined; due = this.#timers.pop(now)) {
      due.handleTimeout(now);
      this.#touch(due);
    }
    this.#settle();
  }

  pollTransmit(buffer: Uint8Array, now: Instant): Transmit | undefined {
    this.#now = now;
    const transmit = this.#strangers.pollTransmit(buffer, now) ?? this.#transmitReady(buffer, now);
    this.#bytesSent += transmit?.length ?? 0;
    return transmit;
  }

  /** Closes every connection, as `Connection.close` does. */
  close(now: Instant, options?: { flush?: boolean }): void {
    this.#now = now;
    for (const connection of this.#connections.values()) connection.close(now, 'done', options);
    this.#settle();
  }

  // Inside

  #touch(connection: Connection): void {
    this.#note(connection);
    if (connection.inLine) return;
    connection.inLine = true;
    this.#line.push(connection);
  }

  #note(connection: Connection): void {
    if (connection.touched) return;
    connection.touched = true;
    this.#touched.push(connection);
  }

  /** Brings timers and tables up to date for every connection that something happened to. */
  #settle(): void {
    for (let connection = this.#touched.poll(); connection !== undefined; connection = this.#touched.poll()) {
      connection.touched = false;
      if (!connection.handshaking) this.#settleHandshake(connection);
      if (connection.closed) this.#remove(connection);
      else this.#timers.set(connection, connection.nextTimeout(this.#now));
    }
  }

  /** What the connection whose turn it is has to send. */
  #transmitReady(buffer: Uint8Array, now: Instant): Transmit | undefined {
    const view = viewOf(buffer);
    const batch: Batch = { length: 0, segmentBytes: 0, address: nowhere };
    for (let connection = this.#line.poll(); connection !== undefined; connection = this.#line.poll()) {
      connection.inLine = false;
      if (connection.closed) continue; // and mostly forgotten by now
      connection.fill(buffer, view, now, batch);
      this.#note(connection);
      if (batch.length === 0) continue;
      this.#touch(connection); // behind the others, until it has nothing more
      return { length: batch.length, segmentBytes: batch.segmentBytes, address: batch.address };
    }
    return undefined;
  }

  #settleHandshake(connection: Connection): void {
    this.#strangers.settle(connection);
    const dialled = this.#dials.idOf(connection);
    if (dialled === undefined) return;
    if (dialled.high !== connection.localId.high) {
      this.#connections.delete(dialled.high);
      if (!connection.closed) this.#connections.set(connection.localId.high, connection);
    }
    if (connection.confirmed || connection.closed) this.#dials.remove(connection);
  }

  /** True when the packet proved to be its connection's: its length is no lie. */
  #handlePacket(bytes: Uint8Array, view: DataView, at: number, length: number, from: Address): boolean {
    const connection = this.#connectionAt(view, at);
    const isHandshake = view.getUint8(at) === packetKinds.handshake;
    if (isHandshake) this.#handleHandshake(bytes, view, at, length, from, connection);
    else if (connection === undefined) this.#packetsUnknown += 1;
    return !isHandshake && connection?.handlePacket(bytes, view, at, length, from, this.#now) === true;
  }

  #isKnown = (view: DataView, at: number): boolean => this.#connectionAt(view, at) !== undefined;

  #connectionAt(view: DataView, at: number): Connection | undefined {
    const connection = this.#connections.get(view.getUint32(at + 3));
    return connection?.localId.low === view.getUint32(at + 7) ? connection : undefined;
  }

  #handleHandshake(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    length: number,
    from: Address,
    known: Connection | undefined,
  ): void {
    const packet = readHandshakePacket(bytes, view, at, length);
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
      (expect) => {
        const id = this.#newConnectionId();
        this.#dials.addAnswer(dial, id);
        return this.#handshake(id, expect);
      },
      this.#now,
    );
  }

  #handleStranger(packet: HandshakePacket, from: Address, length: number): void {
    let connection = this.#strangers.find(packet, from);
    if (connection === undefined) {
      if (!this.#strangers.admits(packet, from, this.#full, this.#now)) return;
      connection = this.#add(from, this.#now, packet.source);
      this.#strangers.add(connection, packet, from);
    }
    connection.noteReceived(length);
    connection.handleHandshake(packet, this.#now);
  }

  get #full(): boolean {
    return this.#connections.size >= this.config.connectionsMax;
  }

  #add(address: Address, now: Instant, initiatorId?: ConnectionId, options: ConnectOptions = {}): Connection {
    const { expect, priority } = options;
    const chosen = priority === undefined ? this.#congestion : controllerFor(priority);
    const localId = this.#newConnectionId();
    const connection = new Connection(this.#owner, {
      handshake: this.#handshake(localId, expect === undefined ? undefined : fromHex(expect)),
      address,
      ...(initiatorId === undefined ? {} : { initiatorId }),
      congestion: options.congestion ?? chosen,
      now,
    });
    this.#connections.set(localId.high, connection);
    this.#touch(connection);
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
      connectionWindowBytes: Math.min(firstConnectionWindowBytes, connectionWindowBytes),
      streamWindowBytes: Math.min(firstStreamWindowBytes, streamWindowBytes),
      remoteStreamsMax,
      datagramBytesMax: 65_507,
      idleTimeoutMs,
      receiveBufferBytes,
    };
  }

  #remove(connection: Connection): void {
    connection.forgotten(this.#now);
    this.#timers.clear(connection);
    this.#dials.remove(connection);
    this.#connections.delete(connection.localId.high);
    this.#strangers.remove(connection);
  }
}
