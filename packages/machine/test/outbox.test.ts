import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Outbox } from '../src/machine.ts';

test('an outbox gives what was put in, in its order, however puts and takes come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1_500, max: 1_500 }), { maxLength: 12 }), (steps) => {
      const outbox = new Outbox<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of steps) {
        for (let i = 0; i < step; i += 1) {
          outbox.push(next);
          model.push(next);
          next += 1;
        }
        for (let i = step; i < 0; i += 1) expect(outbox.poll()).toBe(model.shift());
        expect(outbox.size).toBe(model.length);
      }
    }),
  );
});
