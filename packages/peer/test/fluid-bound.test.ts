import { describe, expect, test } from 'vitest';
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

const at = (arrivesAtMs: number, up: number, down = Infinity) => ({
  upBytesPerSecond: up,
  downBytesPerSecond: down,
  arrivesAtMs,
});

const boundOf = (ownerUp: number, who: ReturnType<typeof at>[], ownerBytesMax?: number): number =>
  fluidBoundMs({
    totalBytes: 1_000,
    ownerUpBytesPerSecond: ownerUp,
    receivers: who,
    ...(ownerBytesMax !== undefined && { ownerBytesMax }),
  });

describe('of receivers that come by and by', () => {
  test('begins when the first comes', () => expect(boundOf(100, [at(5_000, 0)])).toBe(15_000));

  test('leaves the last its downlink', () => expect(boundOf(1_000, [at(0, 0), at(5_000, 0, 500)])).toBe(7_000));

  test('counts an uplink from its arrival', () => {
    // 100 a second for 10 s, then 300: the second 1,000 bytes take 3.3 s more.
    expect(boundOf(100, [at(0, 0), at(10_000, 200)])).toBeCloseTo(13_333.3, 0);
  });

  test('does not let early uplinks work ahead for who is not there yet', () => {
    expect(boundOf(10_000, [at(0, 10_000), at(60_000, 0)])).toBe(60_050);
  });

  test('counts the owner only until it has sent its share', () => {
    // 1,100 bytes from the owner in 11 s; the other 900 from the two at 50 a second each, all the while.
    const two = [at(0, 50), at(0, 50)];
    expect(boundOf(100, two)).toBe(10_000);
    expect(boundOf(1_000, two, 1_100)).toBe(9_000);
  });
});
