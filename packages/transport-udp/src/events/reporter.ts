// Tells a sink what happens to one connection. What changes while it is open is found by comparing what recovery and
// paths say now with what was told last, so that they need not know of events.

import { type Instant, sameAddress } from '@shoal/machine';
import type { HandshakePacket } from '../handshake/handshake-packet.ts';
import type { Frame } from '../packet/frames.ts';
import { type BulkHeader, bulkHeaderBytes, handshakeHeaderBytes } from '../packet/header.ts';
import type { MtuSearch } from '../path/mtu-search.ts';
import type { Paths } from '../path/paths.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { EventSink, Happening, Metrics, Packet } from './transport-event.ts';

type Direction = 'packetSent' | 'packetReceived';

/** The parts of a session that are compared. */
export interface Reported {
  readonly recovery: Recovery;
  readonly paths: Paths;
  readonly mtu: MtuSearch;
}

type Told = ReturnType<typeof stateOf>;

export class Reporter {
  readonly #sink: EventSink;
  readonly #connection: string;
  readonly #handshakePackets: Record<Direction, number> = { packetSent: 0, packetReceived: 0 };
  #told: Told | undefined;
  #closed = false;

  constructor(sink: EventSink, connection: string) {
    this.#sink = sink;
    this.#connection = connection;
  }

  tell(happening: Happening, at: Instant): void {
    this.#sink.onEvent?.({ connection: this.#connection, at, ...happening });
  }

  /** The first reason counts: what is over may still be closed by somebody. */
  closed(happening: Happening & { type: 'connectionClosed' }, at: Instant): void {
    if (!this.#closed) this.tell(happening, at);
    this.#closed = true;
  }

  /** Tells what is different from the last time. */
  compare(reported: Reported, at: Instant): void {
    const told = this.#told;
    const now = (this.#told = stateOf(reported));
    if (told !== undefined) this.#compareState(told, now, at);
    if (told?.congestionState !== now.congestionState)
      this.tell({ type: 'congestionStateChanged', from: told?.congestionState, to: now.congestionState }, at);
    if (told === undefined || differ(told.metrics, now.metrics))
      this.tell({ type: 'metricsUpdated', metrics: now.metrics }, at);
  }

  /** True when packets are wanted: whoever has to do something for telling them asks before. */
  get wantsPackets(): boolean {
    return this.#sink.onPacket !== undefined;
  }

  handshake(type: Direction, { step, message }: HandshakePacket, at: Instant): void {
    const packetNumber = this.#handshakePackets[type];
    this.#handshakePackets[type] += 1;
    const bytes = handshakeHeaderBytes + message.length; // without padding and token
    const contents = [{ type: 'handshake', step, length: message.length }] as const;
    this.#packet(type, { kind: 'handshake', packetNumber, bytes, contents }, at);
  }

  control(type: Direction, packetNumber: number, bytes: number, frames: readonly Frame[], at: Instant): void {
    this.#packet(type, { kind: 'control', packetNumber, bytes, contents: frames }, at);
  }

  bulk(type: Direction, header: BulkHeader, bytes: number, at: Instant): void {
    const { packetNumber, stream, recordStart, recordBytes, pieceOffset } = header;
    const length = bytes - bulkHeaderBytes;
    const last = header.last && pieceOffset + length === recordBytes;
    const contents = [{ type: 'piece', stream, offset: recordStart + pieceOffset, length, last }] as const;
    this.#packet(type, { kind: 'bulk', packetNumber, bytes, contents }, at);
  }

  #packet(type: Direction, packet: Packet, at: Instant): void {
    this.#sink.onPacket?.({ connection: this.#connection, at, type, ...packet });
  }

  #compareState(told: Told, now: Told, at: Instant): void {
    if (!sameAddress(told.path, now.path)) this.tell({ type: 'pathChanged', from: told.path, to: now.path }, at);
    if (told.datagramBytes !== now.datagramBytes)
      this.tell({ type: 'mtuChanged', fromBytes: told.datagramBytes, toBytes: now.datagramBytes }, at);
    if (told.packetsSpurious !== now.packetsSpurious)
      this.tell({ type: 'lossesSpurious', count: now.packetsSpurious - told.packetsSpurious }, at);
  }
}

const stateOf = ({ recovery, paths, mtu }: Reported) => ({
  path: paths.address,
  datagramBytes: mtu.bytes,
  congestionState: recovery.controller.state ?? (recovery.controller.slowStart ? 'slowStart' : 'congestionAvoidance'),
  packetsSpurious: recovery.packetsSpurious,
  metrics: metricsOf(recovery),
});

const metricsOf = ({ rtt, controller, sent, pacingRateBytesPerSecond }: Recovery): Metrics => ({
  latestRttMs: rtt.latestRttMs,
  srttMs: rtt.srttMs,
  rttvarMs: rtt.rttvarMs,
  minRttMs: rtt.minRttMs,
  cwndBytes: controller.windowBytes,
  bytesInFlight: sent.bytesInFlight,
  pacingRateBytesPerSecond,
});

const differ = (a: Metrics, b: Metrics): boolean =>
  (Object.keys(a) as (keyof Metrics)[]).some((name) => a[name] !== b[name]);
