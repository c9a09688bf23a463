// An established connection: everything between authenticated keys and streams. Reads packets, feeds recovery and
// streams, and says when it next wants something.

import { type Address, assertNever, earliest, type Instant, NEVER } from '@shoal/machine';
import { reasonFromWire, reasonToWire, type Reason } from '../codes.ts';
import { tagBytes } from '../crypto.ts';
import type { CongestionFactory } from '../congestion/controller.ts';
import type { Reporter } from '../events/reporter.ts';
import { aeadNonce } from '../handshake/noise.ts';
import type { TransportParameters } from '../handshake/parameters.ts';
import type { SessionKeys } from '../handshake/session-keys.ts';
import { type Frame, readFrames } from '../packet/frames.ts';
import {
  bulkHeaderBytes,
  controlHeaderBytes,
  newBulkHeader,
  packetBytesMax,
  packetKinds,
  readBulkHeader,
  readPacketNumber,
} from '../packet/header.ts';
import { MtuSearch } from '../path/mtu-search.ts';
import { Paths } from '../path/paths.ts';
import { AckTracker } from '../recovery/ack-tracker.ts';
import { type PacketFate, Recovery, type SizeWatcher } from '../recovery/recovery.ts';
import type { RecordMemory } from '../streams/record.ts';
import { ControlQueue } from './control-queue.ts';
import { type Batch, Packetizer } from './packetizer.ts';
import { SendLimitsWatch } from './send-limits.ts';
import { type StreamEvent, StreamTable, type StreamTableOptions } from './stream-table.ts';

/**
 * Frames waiting to be sent or acknowledged. Honest ends stay below it in a round trip; a remote that asks for answers
 * without end, or never acknowledges them, gets there and is shut out.
 */
const controlFramesMax = 16_384;

export interface SessionOptions {
  readonly dialler: boolean;
  readonly address: Address;
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly keys: SessionKeys;
  readonly local: TransportParameters;
  readonly remote: TransportParameters;
  readonly windowsMax: StreamTableOptions['windowsMax'];
  readonly datagramBytes: number;
  /** Largest size that is tried. */
  readonly datagramBytesMax: number;
  readonly initialRttMs: number;
  /** What the handshake measured. */
  readonly rttMs?: number;
  readonly congestion: CongestionFactory;
  readonly memory: RecordMemory;
  readonly emit: (event: StreamEvent | { readonly type: 'connectionMoved' }) => void;
  readonly wake: () => void;
  readonly report: Reporter | undefined;
}

// Scratch for all connections: filled and used within one call.
const header = newBulkHeader();
const plaintext = new Uint8Array(packetBytesMax);

/**
 * What a packet did: `unauthentic` changes nothing; `repeated` is the remote's, but anybody who saw it may have sent it
 * now; a reason ends the connection.
 */
export type PacketOutcome =
  | 'unauthentic'
  | 'repeated'
  | 'accepted'
  | { readonly reason: Reason; readonly byRemote: boolean };

export class Session implements PacketFate, SizeWatcher {
  readonly streams: StreamTable;
  readonly recovery: Recovery;
  readonly limits: SendLimitsWatch = new SendLimitsWatch();
  readonly paths: Paths;
  readonly mtu: MtuSearch;
  readonly #options: SessionOptions;
  readonly #acks = new AckTracker();
  readonly #control = new ControlQueue();
  readonly #packetizer: Packetizer;
  /** Dialler: the remote is known to have our last handshake message. */
  confirmed: boolean;

  constructor(options: SessionOptions) {
    const { keys, remote, datagramBytes, initialRttMs } = options;
    this.#options = options;
    this.paths = new Paths(options);
    this.mtu = new MtuSearch(datagramBytes, options.datagramBytesMax);
    this.confirmed = !options.dialler;
    this.recovery = new Recovery({
      controller: options.congestion(datagramBytes),
      datagramBytes,
      burstBytesMax: remote.receiveBufferBytes / 2,
      initialRttMs,
      sizes: this,
    });
    if (options.rttMs !== undefined) this.recovery.rtt.update(options.rttMs, 0);
    this.streams = new StreamTable({
      ...options,
      control: this.#control,
      rttMs: () => this.recovery.rtt.srttMs,
    });
    this.#packetizer = new Packetizer({
      keys: keys.sending,
      remoteId: remote.connectionId,
      mtu: this.mtu,
      recovery: this.recovery,
      acks: this.#acks,
      control: this.#control,
      streams: this.streams,
      limits: this.limits,
      report: options.report,
    });
    if (!options.dialler) this.#control.push({ type: 'handshakeDone' });
  }

  /** Takes one packet in; it has been checked to lie within `bytes`. */
  handlePacket(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    length: number,
    from: Address,
    now: Instant,
  ): PacketOutcome {
    return view.getUint8(at) === packetKinds.control
      ? this.#handleControl(bytes, view, at, length, from, now)
      : this.#handleBulk(bytes, view, at, length, now);
  }

  /** True when `fill` would write something now. */
  wants(now: Instant): boolean {
    if (this.#packetizer.controlDue(now) || this.recovery.probes > 0 || this.paths.wants(now)) return true;
    return this.streams.sendable && (this.recovery.room(now) >= this.mtu.bytes || this.#sizeToTry !== undefined);
  }

  fill(out: Uint8Array, view: DataView, now: Instant, batch: Batch): void {
    this.recovery.forgetOldest(this);
    const alone = this.paths.poll(this.recovery.rtt.ptoMs, now);
    batch.address = alone?.address ?? this.paths.address;
    if (alone === undefined) this.#fillShared(out, view, now, batch);
    else batch.length = batch.segmentBytes = this.#packetizer.writeLone(out, view, alone.frame, alone.bytes, now);
  }

  /**
   * Sizes are tried only while there is something to send, because an idle connection says nothing, and no sooner than
   * as many bytes have gone without: a small request must not wait for a probe that is larger than itself.
   */
  get #sizeToTry(): number | undefined {
    const size = this.streams.sendable ? this.mtu.wanted : undefined;
    return size !== undefined && size <= this.streams.sealedBytes ? size : undefined;
  }

  #fillShared(out: Uint8Array, view: DataView, now: Instant, batch: Batch): void {
    const size = this.#sizeToTry;
    if (size === undefined || size > out.length) return this.#packetizer.fill(out, view, now, batch);
    this.mtu.probeSent(size, this.recovery.sent.next, this.recovery.rtt.ptoMs, now);
    batch.length = batch.segmentBytes = this.#packetizer.writeLone(out, view, { type: 'ping' }, size, now);
  }

  writeClose(out: Uint8Array, view: DataView, reason: Reason, now: Instant): number {
    return this.#packetizer.writeLone(out, view, { type: 'close', code: reasonToWire(reason) }, 0, now);
  }

  /** Asks the remote for a sign of life. */
  ping(): void {
    this.#control.push({ type: 'ping' });
    this.#options.wake();
  }

  nextTimeout(now: Instant): Instant {
    const paced = this.streams.sendable ? this.recovery.roomAt(now) : NEVER;
    return earliest(
      this.recovery.nextTimeout(),
      this.#acks.dueAt,
      this.paths.nextTimeout(),
      this.mtu.nextTimeout(),
      paced,
    );
  }

  handleTimeout(now: Instant): void {
    this.recovery.handleTimeout(now, this);
    this.paths.handleTimeout(now);
    this.mtu.handleTimeout(now);
  }

  pieceAcked(stream: number, offset: number, length: number): void {
    this.streams.pieceAcked(stream, offset, length);
  }

  pieceLost(stream: number, offset: number, length: number): void {
    this.streams.pieceLost(stream, offset, length);
  }

  framesLost(frames: readonly Frame[]): void {
    this.#control.requeue(frames);
  }

  framesAcked(frames: readonly Frame[]): void {
    for (const frame of frames) if (frame.type === 'repair') this.streams.repairHeard(frame.stream, frame.start);
  }

  packetsAcked(largestBytes: number): void {
    this.mtu.packetsAcked(largestBytes);
  }

  packetsLost(largestBytes: number, packetNumbers: readonly number[], now: Instant): void {
    this.#options.report?.tell({ type: 'packetsLost', packetNumbers }, now);
    if (this.mtu.packetsLost(largestBytes, this.recovery.rtt.srttMs, now)) this.recovery.resize(this.mtu.bytes);
  }

  #handleBulk(bytes: Uint8Array, view: DataView, at: number, length: number, now: Instant): PacketOutcome {
    if (!readBulkHeader(view, at, length, header, this.#options.keys.receiving.header)) return 'unauthentic';
    this.confirmed = true;
    const { report } = this.#options;
    if (report?.wantsPackets === true) report.bulk('packetReceived', header, length, now);
    // A number seen before is no reason to drop the piece: a forger may have replayed the header first.
    const outcome = this.streams.handlePiece(header, bytes, at + bulkHeaderBytes, length - bulkHeaderBytes);
    const isNew = outcome !== 'refused' && this.#acks.note(header.packetNumber, true, now);
    if (outcome === 'ended') this.#acks.hurry(now);
    return isNew ? 'accepted' : 'repeated';
  }

  #handleControl(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    length: number,
    from: Address,
    now: Instant,
  ): PacketOutcome {
    const packetNumber = readPacketNumber(view, at);
    if (this.#acks.isDuplicate(packetNumber)) return 'unauthentic'; // nobody has looked whether it is
    const opened = this.#options.keys.receiving.control.openInto(
      aeadNonce(0, packetNumber),
      bytes.subarray(at, at + controlHeaderBytes),
      bytes.subarray(at + controlHeaderBytes, at + length),
      plaintext,
    );
    if (!opened) return 'unauthentic';
    this.confirmed = true;
    const frames = readFrames(plaintext.subarray(0, length - controlHeaderBytes - tagBytes));
    if (frames === undefined) return { reason: 'protocolViolated', byRemote: false };
    this.#options.report?.control('packetReceived', packetNumber, length, frames, now);
    this.#acks.note(
      packetNumber,
      frames.some((frame) => frame.type !== 'ack'),
      now,
    );
    this.paths.noteSealed(packetNumber, from, length, this.recovery.rtt.ptoMs, now);
    let challenge: number | undefined;
    for (const frame of frames) {
      if (frame.type === 'close') return { reason: reasonFromWire(frame.code), byRemote: true };
      if (frame.type === 'pathChallenge') challenge = frame.token;
      else if (frame.type === 'pathResponse') this.#handlePathResponse(frame.token, now);
      else this.#handleFrame(frame, now);
    }
    if (challenge !== undefined) this.paths.handleChallenge(challenge, from, length);
    const framesKept = this.#control.size + this.recovery.sent.framesInFlight;
    return framesKept > controlFramesMax ? { reason: 'protocolViolated', byRemote: false } : 'accepted';
  }

  /** The remote has moved. What is known of the old path holds only where no more than the port changed (section 9.4). */
  #handlePathResponse(token: number, now: Instant): void {
    const move = this.paths.handleResponse(token, now);
    if (move === undefined) return;
    this.#options.emit({ type: 'connectionMoved' });
    if (move.left.host === this.paths.address.host) this.recovery.leavePath(this);
    else this.#beginPath(move.rttMs ?? this.#options.initialRttMs);
    this.#options.wake();
  }

  #beginPath(initialRttMs: number): void {
    this.mtu.leavePath();
    this.recovery.resize(this.mtu.bytes);
    this.recovery.leavePath(this, { controller: this.#options.congestion(this.mtu.bytes), initialRttMs });
  }

  #handleFrame(frame: Exclude<Frame, { type: 'close' | 'pathChallenge' | 'pathResponse' }>, now: Instant): void {
    switch (frame.type) {
      case 'ack':
        if (this.mtu.probeAcked(frame.ranges, now)) this.recovery.resize(this.mtu.bytes);
        return this.recovery.ackReceived(frame, now, this);
      case 'maxData':
        return this.streams.handleMaxData(frame.bytes);
      case 'maxStreamData':
        return this.streams.handleMaxStreamData(frame.stream, frame.bytes);
      case 'maxStreams':
        return this.streams.handleMaxStreams(frame.count);
      case 'reset':
        return this.streams.handleReset(frame.stream, frame.code, frame.finalOffset);
      case 'stop':
        return this.streams.handleStop(frame.stream, frame.code);
      case 'repair':
        return this.streams.handleRepair(frame.stream, frame.start, frame.repair);
      case 'ping':
      case 'handshakeDone':
        return; // being authentic was all it had to say
      default:
        assertNever(frame, 'frame');
    }
  }
}
