// Packets that carry a handshake: one Noise message each, in the clear but for what the message seals itself, with both
// connection ids and, from a dialler, the token that proves its address. The layout is in packet/header.ts.

import {
  type ConnectionId,
  handshakeHeaderBytes,
  packetKinds,
  protocolVersion,
  viewOf,
  writeCommonHeader,
} from '../packet/header.ts';

/** Bytes of the first datagram: proves that the path carries that much, and bounds amplification. */
export const firstDatagramBytes = 1_200;

/** The step of a packet that is no message: it carries a token that the dialler has to send its first message with. */
export const retryStep = 0;

/** A handshake packet taken apart. */
export interface HandshakePacket {
  /** The id it was sent to; all zero in a first message. */
  readonly to: ConnectionId;
  readonly source: ConnectionId;
  readonly step: number;
  readonly message: Uint8Array;
  /** What proves a dialler's address; mostly empty. */
  readonly token: Uint8Array;
}

/** Undefined when the packet is of another version or contradicts itself. `view` is of `bytes`. */
export function readHandshakePacket(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
): HandshakePacket | undefined {
  const messageAt = at + handshakeHeaderBytes;
  const [tokenAt, end] = [messageAt + view.getUint16(at + 21), at + length];
  if (view.getUint8(at + 19) !== protocolVersion || tokenAt > end) return undefined;
  const tokenEnd = tokenAt < end ? tokenAt + 1 + bytes[tokenAt]! : 0;
  return {
    to: { high: view.getUint32(at + 3), low: view.getUint32(at + 7) },
    source: { high: view.getUint32(at + 11), low: view.getUint32(at + 15) },
    step: view.getUint8(at + 20),
    message: bytes.slice(messageAt, tokenAt),
    token: tokenEnd > end || tokenEnd === tokenAt + 1 ? noToken : bytes.slice(tokenAt + 1, tokenEnd),
  };
}

const noToken = new Uint8Array();

/** Writes a packet padded to `bytesMin`; returns its length. */
export function writeHandshakePacket(out: Uint8Array, packet: HandshakePacket, bytesMin = 0): number {
  const { to, source, step, message, token } = packet;
  const tokenAt = handshakeHeaderBytes + message.length;
  const needed = tokenAt + 1 + token.length;
  const length = Math.max(needed, bytesMin);
  const view = viewOf(out);
  writeCommonHeader(view, 0, packetKinds.handshake, length, to);
  view.setUint32(11, source.high);
  view.setUint32(15, source.low);
  view.setUint8(19, protocolVersion);
  view.setUint8(20, step);
  view.setUint16(21, message.length);
  out.set(message, handshakeHeaderBytes);
  out[tokenAt] = token.length;
  out.set(token, tokenAt + 1);
  out.fill(0, needed, length);
  return length;
}
