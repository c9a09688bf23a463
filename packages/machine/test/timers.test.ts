import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant, NEVER } from '../src/time.ts';
import { Timers } from '../src/timers.ts';

describe('timers', () => {
  test('rings keys in the order of their last deadline', () => {
    const step = fc.tuple(fc.nat(8), fc.option(fc.nat(100), { nil: undefined }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const timers = new Timers<number>();
        const model = new Map<number, number>();
        for (const [key, at] of steps) {
          timers.set(key, at === undefined ? NEVER : instant(at));
          if (at === undefined) model.delete(key);
          else model.set(key, at);
        }
        expect(timers.size).toBe(model.size);
        expect(timers.next()).toBe(model.size === 0 ? NEVER : Math.min(...model.values()));
        const rung: number[] = [];
        for (let key = timers.pop(instant(100)); key !== undefined; key = timers.pop(instant(100)))
          rung.push(model.get(key)!);
        expect(rung).toEqual([...model.values()].sort((a, b) => a - b));
      }),
    );
  });

  test('pops nothing before its time', () => {
    const timers = new Timers<string>();
    timers.set('later', instant(10));
    expect(timers.pop(instant(9.9))).toBeUndefined();
    expect(timers.pop(instant(10))).toBe('later');
  });
});
