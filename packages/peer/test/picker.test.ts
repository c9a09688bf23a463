import { Bitfield, seededRng } from '@shoal/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedShape, type PrioritySpan } from '../src/index.ts';
import { levelOf, urgent } from '../src/picking/demand.ts';
import { Picker, type PolicyName } from '../src/picking/picker.ts';

const chunkBytes = 262_144; // 8 chunks are wanted now, 64 soon

function newPicker(chunkCount: number, policy: PolicyName = 'rarestFirst', held = new Bitfield(chunkCount)) {
  const shape = fixedShape(chunkCount * chunkBytes, chunkBytes);
  const changes: [number, number, boolean][] = [];
  const changed = (...change: [number, number, boolean]): void => void changes.push(change);
  return { picker: new Picker({ shape, held, policy, rng: seededRng('picker'), changed }), held, changes };
}

/** Everything it would ask of somebody who has everything, in order. */
function drain(picker: Picker, chunkCount: number): number[] {
  const order: number[] = [];
  const all = Bitfield.full(chunkCount);
  for (let chunk = picker.pick(all); chunk !== undefined; chunk = picker.pick(all)) {
    order.push(chunk);
    picker.remove(chunk);
  }
  return order;
}

const range = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);
const sorted = (chunks: readonly number[]): number[] => chunks.toSorted((a, b) => a - b);

describe('the picker', () => {
  test('rarest first knows what is rare, random does not', () => {
    for (const [policy, isFirst] of [
      ['rarestFirst', true],
      ['random', false],
    ] as const) {
      const { picker } = newPicker(100, policy);
      for (let chunk = 1; chunk < 100; chunk += 1) picker.setCopies(chunk, 5);
      const order = drain(picker, 100);
      expect(sorted(order)).toEqual(range(0, 100));
      expect(order[0] === 0).toBe(isFirst);
      expect(order.slice(1)).not.toEqual(sorted(order.slice(1)));
    }
  });

  test('sequential takes what comes first in its order, the next ones before the rest, and moves on', () => {
    const { picker, held } = newPicker(200, 'sequential');
    const order = drain(picker, 200);
    expect(order.slice(0, 8)).toEqual(range(0, 8));
    expect(sorted(order.slice(8, 72))).toEqual(range(8, 72));
    expect(order.slice(8, 72)).not.toEqual(range(8, 72));
    expect(sorted(order.slice(72))).toEqual(range(72, 200));
    for (const chunk of order) picker.add(chunk);
    for (const chunk of [...range(0, 50), 51]) {
      picker.remove(chunk);
      held.set(chunk);
      picker.stored(chunk);
    }
    expect(drain(picker, 200).slice(0, 7)).toEqual([50, ...range(52, 58)]);
    held.clear(3);
    picker.lost(3);
    picker.add(3, true);
    expect(drain(picker, 200)[0]).toBe(3);
  });

  test('only what is wanted is picked, what is wanted sooner first', () => {
    const { picker, changes } = newPicker(50);
    expect(picker.isPartial).toBe(false);
    picker.want([
      { first: 10, end: 20, priority: 'normal' },
      { first: 15, end: 17, priority: 'soon' },
      { first: 30, end: 33, priority: 'now' },
    ]);
    expect(picker.isPartial).toBe(true);
    expect(changes).toHaveLength(50 - 13);
    expect(changes.every(([, by, isFree]) => by === -1 && isFree)).toBe(true);
    expect([picker.missing, picker.missingBytes, picker.wantedBytes]).toEqual([13, 13 * chunkBytes, 13 * chunkBytes]);
    const order = drain(picker, 50);
    expect(order.slice(0, 3)).toEqual([30, 31, 32]);
    expect(sorted(order.slice(3, 5))).toEqual([15, 16]);
    expect(sorted(order)).toEqual([...range(10, 20), ...range(30, 33)]);
  });

  test('a chunk that somebody failed to bring comes before others, unless it is unwanted', () => {
    const { picker } = newPicker(20);
    picker.want([{ first: 0, end: 10, priority: 'normal' }]);
    for (const chunk of [4, 15]) {
      picker.remove(chunk);
      picker.add(chunk, true);
      picker.setCopies(chunk, 9);
    }
    expect(drain(picker, 20)[0]).toBe(4);
    expect(picker.has(15)).toBe(false);
  });

  test('a reader hastens what lies before it and nothing else, and when it goes all is as before', () => {
    const { picker } = newPicker(200);
    picker.want([{ first: 0, end: 150, priority: 'normal' }]);
    picker.read(1, { first: 100, end: 180 });
    expect(picker.hasReader).toBe(true);
    expect(picker.pick(Bitfield.full(200), urgent)).toBe(100);
    const order = drain(picker, 200);
    expect(order.slice(0, 8)).toEqual(range(100, 108));
    expect(sorted(order.slice(8, 50))).toEqual(range(108, 150));
    expect(order).toHaveLength(150);
    for (const chunk of order) picker.add(chunk);
    picker.read(1, { first: 20, end: 22 });
    expect(drain(picker, 200).slice(0, 2)).toEqual([20, 21]);
    for (const chunk of order) picker.add(chunk);
    picker.read(1, undefined);
    expect(picker.hasReader).toBe(false);
    expect(picker.pick(Bitfield.full(200), urgent)).toBeUndefined();
  });

  test('agrees with a plain search after any sequence of changes', () => {
    const span: fc.Arbitrary<PrioritySpan> = fc.record({
      first: fc.nat(15),
      end: fc.nat(15),
      priority: fc.constantFrom('unwanted', 'normal', 'soon', 'now'),
    });
    const change = fc.oneof(
      fc.record({ act: fc.constantFrom('add', 'retry', 'remove', 'store', 'lose'), chunk: fc.nat(14) }),
      fc.record({ act: fc.constant('want' as const), spans: fc.array(span, { maxLength: 3 }) }),
      fc.record({ act: fc.constant('copies' as const), chunk: fc.nat(14), copies: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.uniqueArray(fc.nat(14)), (steps, offered) => {
        const { picker, held } = newPicker(15);
        const model = new PlainPicker();
        for (const step of steps) {
          model.follow(step);
          if (step.act === 'want') picker.want(step.spans);
          else if (step.act === 'copies') picker.setCopies(step.chunk, step.copies);
          else if (step.act === 'remove') picker.remove(step.chunk);
          else if (step.act === 'store' && !held.has(step.chunk)) {
            picker.remove(step.chunk);
            held.set(step.chunk);
            picker.stored(step.chunk);
          } else if (step.act === 'lose' && held.clear(step.chunk)) {
            picker.lost(step.chunk);
            picker.add(step.chunk, true);
          } else if ((step.act === 'add' || step.act === 'retry') && !held.has(step.chunk))
            picker.add(step.chunk, step.act === 'retry');
        }
        const among = new Bitfield(15);
        for (const chunk of offered) among.set(chunk);
        const [right, picked] = [model.best(offered), picker.pick(among)];
        expect(picked === undefined ? right : right.includes(picked)).toEqual(picked === undefined ? [] : true);
        expect([picker.size, picker.missing]).toEqual([model.size, model.missing]);
      }),
    );
  });
});

type Step =
  | { readonly act: 'add' | 'retry' | 'remove' | 'store' | 'lose'; readonly chunk: number }
  | { readonly act: 'want'; readonly spans: readonly PrioritySpan[] }
  | { readonly act: 'copies'; readonly chunk: number; readonly copies: number };

/** The same in a few lines, looking at everything each time. */
class PlainPicker {
  readonly #chunks = range(0, 15).map(() => ({ level: 1, copies: 0, free: true, retried: false, held: false }));

  follow(step: Step): void {
    if (step.act === 'want') {
      for (const chunk of this.#chunks) chunk.level = 0;
      for (const { first, end, priority } of step.spans)
        for (const chunk of this.#chunks.slice(first, Math.max(first, end)))
          chunk.level = Math.max(chunk.level, levelOf(priority));
      return;
    }
    const chunk = this.#chunks[step.chunk]!;
    if (step.act === 'copies') chunk.copies = step.copies;
    else if (step.act === 'remove') [chunk.free, chunk.retried] = [false, false];
    else if (step.act === 'store') {
      if (!chunk.held) [chunk.held, chunk.free, chunk.retried] = [true, false, false];
    } else if (step.act === 'lose') {
      if (chunk.held) [chunk.held, chunk.free, chunk.retried] = [false, true, true];
    } else if (!chunk.held && !chunk.free) [chunk.free, chunk.retried] = [true, step.act === 'retry'];
  }

  get size(): number {
    return this.#chunks.filter(({ free, level }) => free && level > 0).length;
  }

  get missing(): number {
    return this.#chunks.filter(({ held, level }) => !held && level > 0).length;
  }

  best(offered: readonly number[]): number[] {
    const rank = (index: number): number => {
      const { level, copies, retried } = this.#chunks[index]!;
      const raised = level === 1 && retried ? 2 : level;
      return -raised * 1_000 + (raised === 3 ? index : copies);
    };
    const free = offered.filter((index) => this.#chunks[index]!.free && this.#chunks[index]!.level > 0);
    const least = Math.min(...free.map(rank));
    return free.filter((index) => rank(index) === least);
  }
}
