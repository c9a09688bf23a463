import { instant } from '@shoal/machine';
import { expect, test } from 'vitest';
import { ByteBudget } from '../src/byte-budget.ts';

test('tells those who wait when bytes are given back, once', () => {
  const budget = new ByteBudget(100);
  const told: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => () => told.push(name));
  budget.take(80);
  expect(budget.allows(20, a!)).toBe(true);
  expect([budget.allows(30, a!), budget.allows(30, a!), budget.allows(40, b!)]).toEqual([false, false, false]);
  budget.serve(instant(0));
  expect(told).toEqual([]);
  budget.give(50);
  budget.forget(b!);
  budget.serve(instant(0));
  budget.serve(instant(0));
  expect(told).toEqual(['a']);
});

test('lets a taker that is larger than all through alone', () => {
  const budget = new ByteBudget(100);
  expect(budget.allows(1_000, () => undefined)).toBe(true);
  budget.take(1_000);
  expect(budget.allows(1, () => undefined)).toBe(false);
});
