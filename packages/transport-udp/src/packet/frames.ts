// The frames of control packets: what one end tells the other beside the bytes of streams. Each is a type byte and
// varints (RFC 9000 section 19 is the model). All are sealed, so only the authenticated remote can have written them.

import { assertNever } from '@shoal/machine';
import { ByteReader, type ByteWriter, varintBytes } from './varint.ts';

/** Most ranges one ACK frame carries; older ones are left out. */
export const ackRangesMax = 64;
/**
 * Most frames read from one packet; a packet with more is a violation. So is a second ACK: each may have us look at
 * everything in flight.
 */
const framesPerPacketMax = 512;

/** `ranges` holds start and end (half-open) of each range, flat, the highest first. `delayUs` in microseconds. */
export interface AckFrame {
  readonly type: 'ack';
  readonly delayUs: number;
  readonly ranges: readonly number[];
}

export type Frame =
  | { readonly type: 'ping' }
  | AckFrame
  /** The remote may send sealed stream bytes up to this total over all streams. */
  | { readonly type: 'maxData'; readonly bytes: number }
  /** … and up to this offset of one stream. */
  | { readonly type: 'maxStreamData'; readonly stream: number; readonly bytes: number }
  /** The remote may open this many streams in all. */
  | { readonly type: 'maxStreams'; readonly count: number }
  /** The sender gives the stream up; `finalOffset` is how much it has used of the connection's window. */
  | { readonly type: 'reset'; readonly stream: number; readonly code: number; readonly finalOffset: number }
  /** The receiver wants no more of the stream. */
  | { readonly type: 'stop'; readonly stream: number; readonly code: number }
  /** A record did not open: the receiver wants all of it again. `repair` counts such requests of the stream. */
  | { readonly type: 'repair'; readonly stream: number; readonly start: number; readonly repair: number }
  | { readonly type: 'close'; readonly code: number }
  /** Wants `token` (48 random bits) back: is the remote reached at the address this goes to (RFC 9000 section 8.2)? */
  | { readonly type: 'pathChallenge'; readonly token: number }
  | { readonly type: 'pathResponse'; readonly token: number }
  /** The responder has the last handshake message. */
  | { readonly type: 'handshakeDone' };

const types = {
  padding: 0,
  ping: 1,
  ack: 2,
  maxData: 3,
  maxStreamData: 4,
  maxStreams: 5,
  reset: 6,
  stop: 7,
  close: 8,
  handshakeDone: 9,
  repair: 10,
  pathChallenge: 11,
  pathResponse: 12,
} as const;

/** How many bytes `frame` takes. */
export function frameBytes(frame: Frame): number {
  switch (frame.type) {
    case 'ping':
    case 'handshakeDone':
      return 1;
    case 'ack':
      return ackBytes(frame);
    case 'maxData':
      return 1 + varintBytes(frame.bytes);
    case 'maxStreamData':
      return 1 + varintBytes(frame.stream) + varintBytes(frame.bytes);
    case 'maxStreams':
      return 1 + varintBytes(frame.count);
    case 'reset':
      return 1 + varintBytes(frame.stream) + varintBytes(frame.code) + varintBytes(frame.finalOffset);
    case 'stop':
      return 1 + varintBytes(frame.stream) + varintBytes(frame.code);
    case 'repair':
      return 1 + varintBytes(frame.stream) + varintBytes(frame.start) + varintBytes(frame.repair);
    case 'close':
      return 1 + varintBytes(frame.code);
    case 'pathChallenge':
    case 'pathResponse':
      return 1 + varintBytes(frame.token);
    default:
      return assertNever(frame, 'frame');
  }
}

/** Writes `frame`; the caller has checked that `frameBytes(frame)` fit. */
export function writeFrame(writer: ByteWriter, frame: Frame): void {
  writer.byte(types[frame.type]);
  switch (frame.type) {
    case 'ping':
    case 'handshakeDone':
      return;
    case 'ack':
      return writeAck(writer, frame);
    case 'maxData':
      return writer.varint(frame.bytes);
    case 'maxStreamData':
      writer.varint(frame.stream);
      return writer.varint(frame.bytes);
    case 'maxStreams':
      return writer.varint(frame.count);
    case 'reset':
      writer.varint(frame.stream);
      writer.varint(frame.code);
      return writer.varint(frame.finalOffset);
    case 'stop':
      writer.varint(frame.stream);
      return writer.varint(frame.code);
    case 'repair':
      writer.varint(frame.stream);
      writer.varint(frame.start);
      return writer.varint(frame.repair);
    case 'close':
      return writer.varint(frame.code);
    case 'pathChallenge':
    case 'pathResponse':
      return writer.varint(frame.token);
    default:
      assertNever(frame, 'frame');
  }
}

/** All frames of an opened control packet, or undefined when the bytes are not frames. */
export function readFrames(bytes: Uint8Array): Frame[] | undefined {
  const reader = new ByteReader(bytes);
  const frames: Frame[] = [];
  let acknowledged = false;
  while (reader.remaining > 0) {
    reader.skip(types.padding); // a probe for the path MTU has tens of thousands
    if (reader.remaining === 0) break;
    const type = reader.byte();
    const frame = readFrame(reader, type);
    if (frame === undefined || reader.failed || frames.length === framesPerPacketMax) return undefined;
    if (frame.type === 'ack' && acknowledged) return undefined;
    acknowledged ||= frame.type === 'ack';
    frames.push(frame);
  }
  return reader.failed ? undefined : frames;
}

function readFrame(reader: ByteReader, type: number): Frame | undefined {
  switch (type) {
    case types.ping:
      return { type: 'ping' };
    case types.ack:
      return readAck(reader);
    case types.maxData:
      return { type: 'maxData', bytes: reader.varint() };
    case types.maxStreamData:
      return { type: 'maxStreamData', stream: reader.varint(), bytes: reader.varint() };
    case types.maxStreams:
      return { type: 'maxStreams', count: reader.varint() };
    case types.reset:
      return { type: 'reset', stream: reader.varint(), code: reader.varint(), finalOffset: reader.varint() };
    case types.stop:
      return { type: 'stop', stream: reader.varint(), code: reader.varint() };
    case types.repair:
      return { type: 'repair', stream: reader.varint(), start: reader.varint(), repair: reader.varint() };
    case types.close:
      return { type: 'close', code: reader.varint() };
    case types.handshakeDone:
      return { type: 'handshakeDone' };
    case types.pathChallenge:
      return { type: 'pathChallenge', token: reader.varint() };
    case types.pathResponse:
      return { type: 'pathResponse', token: reader.varint() };
    default:
      return undefined;
  }
}

// An ACK is: delay, number of ranges, then downwards the distance to the range's highest number and its length - 1.

function ackBytes({ delayUs, ranges }: AckFrame): number {
  let bytes = 1 + varintBytes(delayUs) + varintBytes(ranges.length / 2);
  forEachAckRange(ranges, (gap, length) => (bytes += varintBytes(gap) + varintBytes(length)));
  return bytes;
}

function writeAck(writer: ByteWriter, { delayUs, ranges }: AckFrame): void {
  writer.varint(delayUs);
  writer.varint(ranges.length / 2);
  forEachAckRange(ranges, (gap, length) => {
    writer.varint(gap);
    writer.varint(length);
  });
}

function forEachAckRange(ranges: readonly number[], each: (gap: number, length: number) => void): void {
  for (let i = 0; i < ranges.length; i += 2) {
    const highest = ranges[i + 1]! - 1;
    // The first distance is the number itself; two ranges are at least one missing number apart.
    each(i === 0 ? highest : ranges[i - 2]! - highest - 2, ranges[i + 1]! - ranges[i]! - 1);
  }
}

function readAck(reader: ByteReader): AckFrame | undefined {
  const delayUs = reader.varint();
  const count = reader.varint();
  if (count === 0 || count > ackRangesMax) return undefined;
  const ranges: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const gap = reader.varint();
    const highest = i === 0 ? gap : ranges[2 * i - 2]! - gap - 2;
    const lowest = highest - reader.varint();
    if (reader.failed || lowest < 0) return undefined;
    ranges.push(lowest, highest + 1);
  }
  return { type: 'ack', delayUs, ranges };
}
