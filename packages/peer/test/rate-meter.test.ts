import { instant } from '@shoal/machine';
import { expect, test } from 'vitest';
import { RateMeter } from '../src/rate-meter.ts';

/** 100 bytes each 10 ms. */
function fed(forMs: number): RateMeter {
  const meter = new RateMeter(1_000);
  meter.start(instant(0));
  for (let at = 10; at <= forMs; at += 10) meter.add(100, instant(at));
  return meter;
}

test('is right after a short time as well as after a long one', () => {
  for (const forMs of [50, 200, 1_000, 10_000]) {
    const rate = fed(forMs).bytesPerSecond(instant(forMs));
    expect(Math.abs(rate - 10_000)).toBeLessThan(500);
  }
});

test('falls when nothing comes any more', () => {
  const meter = fed(5_000);
  expect(meter.bytesPerSecond(instant(6_000))).toBeLessThan(4_000);
  expect(meter.bytesPerSecond(instant(20_000))).toBeLessThan(1);
});

test('is nothing before it begins', () => {
  expect(new RateMeter(1_000).bytesPerSecond(instant(5))).toBe(0);
});
