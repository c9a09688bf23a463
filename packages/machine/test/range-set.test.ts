import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RangeSet } from '../src/range-set.ts';

const rangeArbitrary = fc.tuple(fc.nat(60), fc.nat(12)).map(([start, size]) => ({ start, end: start + size }));
const operation = fc.record({ add: fc.boolean(), range: rangeArbitrary });

describe('range set', () => {
  test('agrees with a plain set of numbers after any additions and removals', () => {
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const ranges = new RangeSet();
        const model = new Set<number>();
        for (const { add, range } of operations) {
          const before = model.size;
          for (let n = range.start; n < range.end; n += 1) {
            if (add) model.add(n);
            else model.delete(n);
          }
          const added = add ? ranges.add(range.start, range.end) : (ranges.remove(range.start, range.end) ?? 0);
          expect(added).toBe(add ? model.size - before : 0);
        }
        expect(ranges.size).toBe(model.size);
        for (let n = 0; n < 75; n += 1) expect(ranges.has(n)).toBe(model.has(n));
        for (const { range } of operations) {
          const inside = [...model].some((n) => n >= range.start && n < range.end);
          expect(ranges.intersects(range.start, range.end)).toBe(inside);
        }
      }),
    );
  });

  test('ranges stay sorted, disjoint and never touch', () => {
    fc.assert(
      fc.property(fc.array(rangeArbitrary), (added) => {
        const ranges = new RangeSet();
        for (const { start, end } of added) ranges.add(start, end);
        const all = [...ranges];
        for (let i = 1; i < all.length; i += 1) expect(all[i]!.start).toBeGreaterThan(all[i - 1]!.end);
        expect([...ranges.descending()]).toEqual(all.reverse());
      }),
    );
  });

  test('gaps and ranges together cover the whole', () => {
    fc.assert(
      fc.property(fc.array(rangeArbitrary), rangeArbitrary, (added, window) => {
        const ranges = new RangeSet();
        for (const { start, end } of added) ranges.add(start, end);
        for (const gap of ranges.gaps(window.start, window.end)) ranges.add(gap.start, gap.end);
        expect(ranges.hasRange(window.start, window.end)).toBe(true);
      }),
    );
  });
});
