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

/** Undefined when the packet is of another version or contradicts itself. */
export function readHandshakePacket(bytes: Uint8Array, at: number, length: number): HandshakePacket | undefined {
  const view = viewOf(bytes.subarray(at, at + length));
  const messageBytes = view.getUint16(21);
  if (view.getUint8(19) !== protocolVersion || handshakeHeaderBytes + messageBytes > length) return undefined;
  const tokenAt = at + handshakeHeaderBytes + messageBytes;
  const tokenEnd = tokenAt < at + length ? tokenAt + 1 + bytes[tokenAt]! : 0;
  return {
    to: { high: view.getUint32(3), low: view.getUint32(7) },
    source: { high: view.getUint32(11), low: view.getUint32(15) },
    step: view.getUint8(20),
    message: bytes.slice(at + handshakeHeaderBytes, tokenAt),
    token: tokenEnd > at + length ? new Uint8Array() : bytes.slice(tokenAt + 1, tokenEnd),
  };
}

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
