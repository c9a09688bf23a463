// Bytes that a stranger, or somebody who has seen real datagrams, can send: random ones, ones that look like packets and
// lie, and real ones cut, changed, repeated and glued together.

import type { Rng } from '@shoal/machine';
import { type ConnectionId, packetKinds, viewOf } from '../../src/packet/header.ts';

const kinds = Object.values(packetKinds);
const edges = [0, 1, 2, 63, 64, 255, 16_383, 16_384, 65_535, 65_536, 2 ** 30, 2 ** 31, 2 ** 32 - 1, 2 ** 32];
const farEdges = [2 ** 40, 2 ** 48 - 1, 2 ** 53 - 1];

/** A whole number such as mistakes are made with; mostly a small one. */
export function lie(rng: Rng): number {
  switch (rng.below(4)) {
    case 0:
      return rng.below(16);
    case 1:
      return rng.below(2 ** (1 + rng.below(31)));
    case 2:
      return rng.pick(edges)! + rng.below(2);
    default:
      return rng.pick(farEdges)! - rng.below(3);
  }
}

/** Random bytes, mostly with the beginning of a packet: a kind, a length that may lie, perhaps somebody's connection id. */
export function rubbish(rng: Rng, ids: readonly ConnectionId[]): Uint8Array {
  const bytes = rng.bytes(rng.chance(0.1) ? rng.below(1_500) : rng.below(100));
  if (bytes.length < 3 || rng.chance(0.2)) return bytes;
  const view = viewOf(bytes);
  bytes[0] = rng.pick(kinds)!;
  view.setUint16(1, rng.chance(0.8) ? bytes.length - rng.below(2) : rng.below(65_536));
  const id = rng.pick(ids);
  if (id === undefined || bytes.length < 11 || rng.chance(0.3)) return bytes;
  view.setUint32(3, id.high);
  if (rng.chance(0.9)) view.setUint32(7, id.low);
  return bytes;
}

/** One of the ways to spoil a datagram. */
export function spoilt(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = bytes.slice();
  switch (rng.below(5)) {
    case 0:
      copy[rng.below(copy.length)]! ^= 1 << rng.below(8);
      return copy;
    case 1:
      return copy.subarray(0, rng.below(copy.length));
    case 2:
      return glued([copy, copy.subarray(rng.below(copy.length))]);
    case 3:
      copy.set(rng.bytes(Math.min(40, copy.length)), 0);
      return copy;
    default:
      for (let i = 0; i < 4; i += 1) copy[rng.below(Math.min(40, copy.length))] = rng.below(256);
      return copy;
  }
}

/** Back to back, as a coalesced buffer. */
export function glued(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
