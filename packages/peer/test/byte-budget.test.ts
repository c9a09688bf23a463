import { after, instant, NEVER } from '@shoal/machine';
import { expect, test } from 'vitest';
import { ByteBudget } from '../src/byte-budget.ts';

const start = instant(0);

test('tells those who wait when bytes are given back, once', () => {
  const budget = new ByteBudget({ heldBytesMax: 100 });
  const told: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => () => told.push(name));
  budget.take(80, start);
  expect(budget.allows(20, start, a!)).toBe(true);
  expect([budget.allows(30, start, a!), budget.allows(30, start, a!), budget.allows(40, start, b!)]).toEqual([
    false,
    false,
    false,
  ]);
  budget.serve(start);
  expect(told).toEqual([]);
  budget.give(50);
  budget.forget(b!);
  budget.serve(start);
  budget.serve(start);
  expect(told).toEqual(['a']);
});

test('lets a taker that is larger than all through alone', () => {
  const budget = new ByteBudget({ heldBytesMax: 100 });
  expect(budget.allows(1_000, start, () => undefined)).toBe(true);
  budget.take(1_000, start);
  expect(budget.allows(1, start, () => undefined)).toBe(false);
});

/** What a taker of `bytes` at a time gets until `endMs`, told when to try again and then up to `lateMs` late. */
function takenIn(budget: ByteBudget, bytes: number, endMs: number, lateMs: number): number {
  let [now, taken] = [start, 0];
  const take = (): void => {
    for (; budget.allows(bytes, now, take); taken += bytes) budget.take(bytes, now);
  };
  for (take(); now <= endMs; budget.serve(now)) now = after(budget.nextTimeout(), lateMs);
  return taken;
}

test.each([
  [1_000, 0],
  [100, 1.5],
  [7, 1.5],
])('keeps a rate of 100 bytes a ms for takers of %i bytes, with timers %f ms late', (bytes, lateMs) => {
  const budget = new ByteBudget({ bytesPerSecondMax: 100_000 });
  const taken = takenIn(budget, bytes, 10_000, lateMs);
  expect(Math.abs(taken / 1_000_000 - 1)).toBeLessThan(0.03);
});

test('keeps its own rate and that of the budget it is part of, whichever is less', () => {
  const shared = new ByteBudget({ bytesPerSecondMax: 100_000 });
  const quick = new ByteBudget({ bytesPerSecondMax: 1e9, within: shared });
  const slow = new ByteBudget({ bytesPerSecondMax: 10_000, within: shared });
  slow.take(100, start);
  expect([slow.nextTimeout(), shared.nextTimeout()]).toEqual([NEVER, NEVER]); // nobody waits
  expect(quick.allows(100, start, () => undefined)).toBe(false);
  expect(shared.nextTimeout()).toBe(1);
  expect(quick.allows(100, instant(1), () => undefined)).toBe(true);
  expect(slow.allows(100, instant(1), () => undefined)).toBe(false);
  expect(slow.nextTimeout()).toBe(10);
});
