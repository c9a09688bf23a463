import { Bitfield, seededRng } from '@shoal/machine';
import { rarestMax } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { countChunks, rarestChunks } from '../src/memory/rarest.ts';

const rng = seededRng('rarest.test');

describe('counting chunks', () => {
  test.each([
    [1, 1],
    [3, 31],
    [40, 32],
    [7, 33],
    [255, 70],
    [200, 1_000],
  ])('of %i rows with %i bits', (rowCount, chunkCount) => {
    const words = Math.ceil(chunkCount / 32);
    const bytes = new Uint8Array(rowCount * words * 4);
    const expected = Array.from({ length: chunkCount }, () => 0);
    const chosen: number[] = [];
    for (let row = 0; row < rowCount; row += 1) {
      const bits = new Bitfield(chunkCount);
      const density = rng.float();
      for (let chunk = 0; chunk < chunkCount; chunk += 1) if (rng.chance(density)) bits.set(chunk);
      bytes.set(bits.toBytes(), row * words * 4);
      if (rng.chance(0.2)) continue; // some rows are not chosen
      chosen.push(row);
      for (const chunk of bits.ones()) expected[chunk]! += 1;
    }
    expect([...countChunks(new Uint32Array(bytes.buffer), words, chosen, chunkCount)]).toEqual(expected);
  });

  test('of nobody', () => {
    expect([...countChunks(new Uint32Array(0), 1, [], 3)]).toEqual([0, 0, 0]);
  });
});

describe('the rarest chunks', () => {
  test('come first, those that nobody has not at all', () => {
    const rarest = rarestChunks([3, 1, 0, 2, 1], rng);
    expect(rarest.slice(2)).toEqual([3, 0]);
    expect(rarest.slice(0, 2).toSorted((a, b) => a - b)).toEqual([1, 4]);
  });

  test('begin elsewhere each time, and are no more than fit a reply', () => {
    const counts = new Uint16Array(3 * rarestMax).fill(1);
    const starts = Array.from({ length: 20 }, () => rarestChunks(counts, rng));
    expect(new Set(starts.map(([first]) => first)).size).toBeGreaterThan(15);
    expect(starts.every((chunks) => chunks.length === rarestMax && new Set(chunks).size === rarestMax)).toBe(true);
  });
});
