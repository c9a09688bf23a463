import { expect, test } from 'vitest';
import { fluidBoundMs } from '../src/index.ts';

const receivers = (count: number, up: number, down = Infinity) =>
  Array.from({ length: count }, () => ({ upBytesPerSecond: up, downBytesPerSecond: down }));

test('is set by whoever is the narrowest: the owner, the slowest receiver, or all uplinks together', () => {
  const totalBytes = 1_000_000;
  const bound = (ownerUp: number, who: ReturnType<typeof receivers>): number =>
    fluidBoundMs({ totalBytes, ownerUpBytesPerSecond: ownerUp, receivers: who });
  expect(bound(100_000, receivers(5, 100_000))).toBe(10_000);
  expect(bound(1_000_000, receivers(5, 1_000_000, 50_000))).toBe(20_000);
  expect(bound(500_000, receivers(5, 100_000))).toBe(5_000);
  expect(bound(1_000_000, receivers(9, 0))).toBe(9_000);
  expect(bound(Infinity, receivers(3, 10))).toBe(0);
  expect(bound(1, [])).toBe(0);
});
