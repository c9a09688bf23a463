import { seededRng } from '@shoal/machine';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { draw } from '../src/memory/draw.ts';

const small = fc.nat({ max: 40 });

test('draws different numbers of the range, as many as there are, never the one left out', () => {
  fc.assert(
    fc.property(small, small, small, small, fc.string(), (from, size, count, except, seed) => {
      const drawn = draw(from, from + size, count, except, seededRng(seed));
      const others = size - (except >= from && except < from + size ? 1 : 0);
      expect(drawn).toHaveLength(Math.min(count, others));
      expect(new Set(drawn).size).toBe(drawn.length);
      expect(drawn.every((number) => number >= from && number < from + size && number !== except)).toBe(true);
    }),
  );
});

test('draws each number equally often', () => {
  const rng = seededRng('draw.test');
  const times = new Uint32Array(30);
  for (let round = 0; round < 30_000; round += 1) for (const number of draw(0, 30, 5, 7, rng)) times[number]! += 1;
  const others = [...times.slice(0, 7), ...times.slice(8)]; // 30,000 rounds of 5 among 29: 5,172 each, give or take 70
  expect(Math.min(...others)).toBeGreaterThan(4_850);
  expect(Math.max(...others)).toBeLessThan(5_500);
  expect(times[7]).toBe(0);
});
