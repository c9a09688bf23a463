// Fills a caller's buffer with datagrams of equal size: control frames first, then pieces of streams. Everything that
// decides what leaves, and how much, stands here; nothing is allocated per bulk packet.

import type { Address, Instant } from '@shoal/machine';
import { tagBytes } from '../crypto.ts';
import type { Reporter } from '../events/reporter.ts';
import { aeadNonce } from '../handshake/noise.ts';
import type { DirectionKeys } from '../handshake/session-keys.ts';
import { type Frame, frameBytes, readFrames, writeFrame } from '../packet/frames.ts';
import {
  bulkHeaderBytes,
  type ConnectionId,
  controlHeaderBytes,
  newBulkHeader,
  packetKinds,
  writeBulkHeader,
  writeCommonHeader,
  writePacketNumber,
} from '../packet/header.ts';
import { ByteWriter } from '../packet/varint.ts';
import type { AckTracker } from '../recovery/ack-tracker.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Piece } from '../streams/send-stream.ts';
import type { ControlQueue } from './control-queue.ts';
import type { SendLimitsWatch } from './send-limits.ts';
import type { StreamTable } from './stream-table.ts';

/** A piece smaller than this does not start a packet behind another one: its header would weigh too much. */
const pieceBytesMin = 64;
/** Control frames are few; a control packet never needs more. */
const controlPlaintextBytesMax = 1_000;

// Scratch for all connections: filled and used within one call.
const controlPlaintext = new Uint8Array(controlPlaintextBytesMax);
const header = newBulkHeader();
const piece: Piece = {
  stream: 0,
  record: new Uint8Array(),
  recordStart: 0,
  pieceOffset: 0,
  length: 0,
  last: false,
};

export interface PacketizerParts {
  readonly keys: DirectionKeys;
  readonly remoteId: ConnectionId;
  readonly mtu: { readonly bytes: number };
  readonly recovery: Recovery;
  readonly acks: AckTracker;
  readonly control: ControlQueue;
  readonly streams: StreamTable;
  readonly limits: SendLimitsWatch;
  readonly report: Reporter | undefined;
}

/** What a transmission holds: datagrams of `segmentBytes`, only the last one shorter, all for one address. */
export interface Batch {
  address: Address;
  length: number;
  segmentBytes: number;
}

export class Packetizer {
  readonly #parts: PacketizerParts;

  constructor(parts: PacketizerParts) {
    this.#parts = parts;
  }

  /** True when a control packet wants to leave now, whatever the window says. */
  controlDue(now: Instant): boolean {
    return !this.#parts.control.empty || this.#parts.acks.dueAt <= now;
  }

  /** Fills `out` with as many datagrams as may leave now. */
  fill(out: Uint8Array, view: DataView, now: Instant, batch: Batch): void {
    const { recovery, streams } = this.#parts;
    const datagramBytes = this.#parts.mtu.bytes;
    batch.segmentBytes = datagramBytes;
    batch.length = 0;
    let room = recovery.room(now);
    // The first probe is sealed and small: should we have another address by now, only a sealed packet tells the remote,
    // and should the path swallow full datagrams, only a small one arrives.
    const sealedOnly = recovery.sealedProbe;
    if (sealedOnly || (recovery.probes > 0 && !streams.sendable)) this.#pingIfSilent();
    for (let start = 0; start + datagramBytes <= out.length; start += datagramBytes) {
      const end = start + datagramBytes;
      const bulkAllowed = !sealedOnly && (room >= datagramBytes || recovery.probes > 0);
      let at = start;
      if (this.controlDue(now) || (start === 0 && bulkAllowed && this.#parts.acks.pending && streams.sendable))
        at += this.#writeControl(out, view, at, end, now);
      if (bulkAllowed) at = this.#writePieces(out, view, at, end, now);
      room -= at - start;
      batch.length = at;
      if (at < end) break; // only the last datagram of a batch may be shorter
    }
    recovery.noteLimit(streams.sendable && room < datagramBytes, !streams.sendable && room >= datagramBytes);
    this.#parts.limits.note(streams.sendable ? 'congestion' : streams.isHeldBack ? 'receiver' : undefined, now);
    streams.rotate();
  }

  #pingIfSilent(): void {
    if (this.#parts.control.empty) this.#parts.control.push({ type: 'ping' });
  }

  /**
   * A packet with nothing but `frame`, padded to a datagram of `bytes`. Recovery does not wait for it: whoever sends such
   * a packet asks again in its own way.
   */
  writeLone(out: Uint8Array, view: DataView, frame: Frame, bytes: number, now: Instant): number {
    const plaintextBytes = Math.max(frameBytes(frame), bytes - controlHeaderBytes - tagBytes);
    const plaintext = new Uint8Array(plaintextBytes); // zeros are padding
    writeFrame(new ByteWriter(plaintext), frame);
    return this.#seal(out, view, 0, plaintext, this.#parts.recovery.sent.skip(), now);
  }

  #writePieces(out: Uint8Array, view: DataView, from: number, end: number, now: Instant): number {
    const { keys, remoteId, recovery, streams, report } = this.#parts;
    let at = from;
    while (end - at >= bulkHeaderBytes + pieceBytesMin && streams.take(end - at - bulkHeaderBytes, piece)) {
      const length = bulkHeaderBytes + piece.length;
      const offset = piece.recordStart + piece.pieceOffset;
      header.packetNumber = recovery.sent.addPiece(now, length, piece.stream, offset, piece.length);
      header.stream = piece.stream;
      header.recordStart = piece.recordStart;
      header.recordBytes = piece.record.length;
      header.pieceOffset = piece.pieceOffset;
      header.last = piece.last;
      writeBulkHeader(view, at, length, remoteId, header, keys.header);
      out.set(piece.record.subarray(piece.pieceOffset, piece.pieceOffset + piece.length), at + bulkHeaderBytes);
      recovery.packetSent(length, now);
      if (report?.wantsPackets === true) report.bulk('packetSent', header, length, now);
      at += length;
    }
    return at;
  }

  /** An acknowledgement if there is something to acknowledge, and every waiting frame that fits. */
  #writeControl(out: Uint8Array, view: DataView, at: number, end: number, now: Instant): number {
    const { acks, control, streams } = this.#parts;
    const room = Math.min(controlPlaintextBytesMax, end - at - controlHeaderBytes - tagBytes);
    const writer = new ByteWriter(controlPlaintext.subarray(0, room));
    // Always with one, even if it says nothing new: a repair makes sense only behind what was received before it.
    if (acks.any) {
      const frame = acks.take(now);
      if (frameBytes(frame) <= writer.room) writeFrame(writer, frame);
    }
    return this.#sendControl(out, view, at, writer, control.drain(writer, streams, now), now);
  }

  #sendControl(
    out: Uint8Array,
    view: DataView,
    at: number,
    writer: ByteWriter,
    eliciting: readonly Frame[],
    now: Instant,
  ): number {
    const { recovery } = this.#parts;
    if (writer.length === 0) return 0;
    const length = controlHeaderBytes + writer.length + tagBytes;
    const packetNumber =
      eliciting.length === 0 ? recovery.sent.skip() : recovery.sent.addControl(now, length, eliciting);
    if (eliciting.length > 0) recovery.packetSent(length, now);
    return this.#seal(out, view, at, writer.written, packetNumber, now);
  }

  #seal(
    out: Uint8Array,
    view: DataView,
    at: number,
    plaintext: Uint8Array,
    packetNumber: number,
    now: Instant,
  ): number {
    const { keys, remoteId, report } = this.#parts;
    const length = controlHeaderBytes + plaintext.length + tagBytes;
    if (report?.wantsPackets === true)
      report.control('packetSent', packetNumber, length, readFrames(plaintext) ?? [], now);
    writeCommonHeader(view, at, packetKinds.control, length, remoteId);
    writePacketNumber(view, at, packetNumber);
    keys.control.seal(
      aeadNonce(0, packetNumber),
      out.subarray(at, at + controlHeaderBytes),
      plaintext,
      out.subarray(at + controlHeaderBytes, at + length),
    );
    return length;
  }
}
