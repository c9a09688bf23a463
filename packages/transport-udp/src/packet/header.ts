// Packet headers: compact big-endian binary. Each carries its packet's length, so that packets stand back to back in
// one datagram, and datagrams back to back in one coalesced receive buffer (GRO gives no other boundaries).
//
//   all        kind 1 | length 2 | connection id 8
//   handshake  … | source connection id 8 | version 1 | step 1 | message length 2 | message | token length 1 | token | padding
//   control    … | packet number 6 | sealed frames
//   bulk       … | packet number 6 | stream 4 | record start 6 | record bytes - 1: 2 | piece offset 2 | tag 4 | piece

import { type HeaderTagKey, headerTag } from './header-tag.ts';

/** The first byte of a packet. Anything else is not ours. */
export const packetKinds = { handshake: 0x50, control: 0x51, bulk: 0x52, bulkLast: 0x53 } as const;

const commonHeaderBytes = 11;
export const controlHeaderBytes = 17;
export const bulkHeaderBytes = 35;
export const handshakeHeaderBytes = 23;
/** What the length in a header can say. */
export const packetBytesMax = 65_535;

/** The version of everything in this folder. Packets of another version are dropped. */
export const protocolVersion = 1;

/** Receives packets for whoever drew it: 64 random bits, as two words because a table key must be a cheap number. */
export interface ConnectionId {
  readonly high: number;
  readonly low: number;
}

export const noConnectionId: ConnectionId = { high: 0, low: 0 };

export const sameConnectionId = (a: ConnectionId, b: ConnectionId): boolean => a.high === b.high && a.low === b.low;

/** 16 hexadecimal digits. */
export const connectionIdText = ({ high, low }: ConnectionId): string =>
  high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');

/** The connection id made of the first 8 of `random`. */
export function connectionIdFrom(random: Uint8Array): ConnectionId {
  const view = viewOf(random);
  return { high: view.getUint32(0), low: view.getUint32(4) };
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The length of the packet that starts at `at`, or 0 when what stands there cannot be a packet:
 * unknown kind, shorter than its header, or longer than what is left.
 */
export function packetLengthAt(view: DataView, at: number): number {
  if (view.byteLength - at < commonHeaderBytes) return 0;
  const kind = view.getUint8(at);
  const least =
    kind === packetKinds.handshake
      ? handshakeHeaderBytes
      : kind === packetKinds.control
        ? controlHeaderBytes
        : kind === packetKinds.bulk || kind === packetKinds.bulkLast
          ? bulkHeaderBytes
          : Number.POSITIVE_INFINITY;
  const length = view.getUint16(at + 1);
  return length >= least && length <= view.byteLength - at ? length : 0;
}

export function writeCommonHeader(view: DataView, at: number, kind: number, length: number, to: ConnectionId): void {
  view.setUint8(at, kind);
  view.setUint16(at + 1, length);
  view.setUint32(at + 3, to.high);
  view.setUint32(at + 7, to.low);
}

export const readPacketNumber = (view: DataView, at: number): number => readUint48(view, at + commonHeaderBytes);

export const writePacketNumber = (view: DataView, at: number, packetNumber: number): void =>
  writeUint48(view, at + commonHeaderBytes, packetNumber);

/** What a bulk packet says of its piece. One object is reused for every packet (no allocation on the hot path). */
export interface BulkHeader {
  packetNumber: number;
  stream: number;
  /** Where the record starts in the stream of sealed bytes; with the stream id it is the record's nonce. */
  recordStart: number;
  /** Sealed size of the whole record. */
  recordBytes: number;
  /** Where this piece starts in the record. */
  pieceOffset: number;
  /** True when the record is the stream's last. */
  last: boolean;
}

export const newBulkHeader = (): BulkHeader => ({
  packetNumber: 0,
  stream: 0,
  recordStart: 0,
  recordBytes: 0,
  pieceOffset: 0,
  last: false,
});

const tagWords = new Uint32Array(6); // scratch: filled and read within one call

export function writeBulkHeader(
  view: DataView,
  at: number,
  length: number,
  to: ConnectionId,
  header: BulkHeader,
  key: HeaderTagKey,
): void {
  writeCommonHeader(view, at, header.last ? packetKinds.bulkLast : packetKinds.bulk, length, to);
  writeUint48(view, at + 11, header.packetNumber);
  view.setUint32(at + 17, header.stream);
  writeUint48(view, at + 21, header.recordStart);
  view.setUint16(at + 27, header.recordBytes - 1);
  view.setUint16(at + 29, header.pieceOffset);
  view.setUint32(at + 31, tagOf(view, at, key));
}

/** Reads the bulk header at `at` into `header`; false when its tag is not the peer's, or it contradicts itself. */
export function readBulkHeader(
  view: DataView,
  at: number,
  length: number,
  header: BulkHeader,
  key: HeaderTagKey,
): boolean {
  if (view.getUint32(at + 31) !== tagOf(view, at, key)) return false;
  header.packetNumber = readUint48(view, at + 11);
  header.stream = view.getUint32(at + 17);
  header.recordStart = readUint48(view, at + 21);
  header.recordBytes = view.getUint16(at + 27) + 1;
  header.pieceOffset = view.getUint16(at + 29);
  header.last = view.getUint8(at) === packetKinds.bulkLast;
  const pieceBytes = length - bulkHeaderBytes;
  return pieceBytes > 0 && header.pieceOffset + pieceBytes <= header.recordBytes;
}

/** Everything of the header but the connection id, which the key stands for. */
function tagOf(view: DataView, at: number, key: HeaderTagKey): number {
  tagWords[0] = (view.getUint8(at) << 16) | view.getUint16(at + 1);
  tagWords[1] = view.getUint32(at + 11);
  tagWords[2] = view.getUint32(at + 15);
  tagWords[3] = view.getUint32(at + 19);
  tagWords[4] = view.getUint32(at + 23);
  tagWords[5] = view.getUint32(at + 27);
  return headerTag(key, tagWords);
}

function readUint48(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}

function writeUint48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 2, value >>> 0);
}
