// How many of some holders have each chunk, and which chunks are the rarest. Rows of bits are added as whole words: the
// counts of 32 chunks stand in planes, one bit of each count to a plane, so that a row costs two or three operations a
// word and not one a chunk.

import type { Rng } from '@shoal/machine';
import { rarestMax } from '@shoal/wire';

/** Adds rows of `words` words each, chosen by their number, and tells for each chunk how many have its bit set. */
export function countChunks(
  rows: Uint32Array,
  words: number,
  chosen: readonly number[],
  chunkCount: number,
): Uint16Array {
  const planeCount = 32 - Math.clz32(chosen.length);
  const planes = new Uint32Array(words * planeCount);
  for (const row of chosen) {
    for (let word = 0; word < words; word += 1) {
      let carry = rows[row * words + word]!;
      for (let plane = word; carry !== 0; plane += words) {
        const sum = planes[plane]!;
        planes[plane] = sum ^ carry;
        carry &= sum;
      }
    }
  }
  return countsIn(new Uint8Array(planes.buffer), words * 4, planeCount, chunkCount);
}

/** Bits stand in bytes as in a Bitfield, whatever the order of bytes in a word. */
function countsIn(planes: Uint8Array, planeBytes: number, planeCount: number, chunkCount: number): Uint16Array {
  const counts = new Uint16Array(chunkCount);
  for (let plane = 0; plane < planeCount; plane += 1) {
    for (let chunk = 0; chunk < chunkCount; chunk += 1) {
      const byte = planes[plane * planeBytes + (chunk >> 3)]!;
      counts[chunk]! += ((byte >> (7 - (chunk & 7))) & 1) << plane;
    }
  }
  return counts;
}

/**
 * The chunks with the lowest counts above 0, lowest first, at most `rarestMax`. Equals begin at a random place, so that
 * not everybody begins with the same.
 */
export function rarestChunks(counts: ArrayLike<number>, rng: Rng): number[] {
  const chunkCount = counts.length;
  if (chunkCount === 0) return [];
  const byCount = new Map<number, number[]>();
  const start = rng.below(chunkCount);
  for (let i = 0; i < chunkCount; i += 1) {
    const chunk = start + i < chunkCount ? start + i : start + i - chunkCount;
    const count = counts[chunk]!;
    if (count === 0) continue;
    const group = byCount.get(count);
    if (group === undefined) byCount.set(count, [chunk]);
    else if (group.length < rarestMax) group.push(chunk);
  }
  const ordered = [...byCount.keys()].toSorted((a, b) => a - b);
  return ordered.flatMap((count) => byCount.get(count)!).slice(0, rarestMax);
}
