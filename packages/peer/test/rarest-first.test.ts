import { Bitfield, seededRng } from '@shoal/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RarestFirst } from '../src/picking/rarest-first.ts';

const bits = (length: number, ones: readonly number[]): Bitfield => {
  const field = new Bitfield(length);
  for (const index of ones) field.set(index);
  return field;
};

describe('rarest first', () => {
  test('picks a chunk with the fewest copies among those offered', () => {
    const policy = new RarestFirst(4, seededRng('a'));
    for (const [chunk, copies] of [3, 1, 2, 1].entries()) {
      policy.add(chunk, 0);
      policy.setCopies(chunk, copies);
    }
    expect([1, 3]).toContain(policy.pick(Bitfield.full(4)));
    expect(policy.pick(bits(4, [0, 2]))).toBe(2);
    expect(policy.pick(bits(4, []))).toBeUndefined();
  });

  test('breaks ties at random, evenly', () => {
    const policy = new RarestFirst(4, seededRng('b'));
    for (let chunk = 0; chunk < 4; chunk += 1) policy.add(chunk, 0);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4_000; i += 1) counts[policy.pick(Bitfield.full(4))!]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test('finds the one chunk that a poor remote has among very many', () => {
    const policy = new RarestFirst(100_000, seededRng('d'));
    for (let chunk = 0; chunk < 100_000; chunk += 1) policy.add(chunk, 0);
    policy.setCopies(77_777, 5);
    expect(policy.pick(bits(100_000, [77_777]))).toBe(77_777);
  });

  test('agrees with a plain search after any sequence of changes', () => {
    const change = fc.record({
      chunk: fc.nat(19),
      copies: fc.nat(5),
      act: fc.constantFrom('add', 'remove', 'copies'),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), fc.uniqueArray(fc.nat(19)), (changes, among) => {
        const policy = new RarestFirst(20, seededRng('e'));
        const free = new Map<number, number>();
        for (const { chunk, copies, act } of changes) {
          if (act === 'copies') {
            policy.setCopies(chunk, copies);
            if (free.has(chunk)) free.set(chunk, copies);
          } else if (act === 'remove') {
            policy.remove(chunk);
            free.delete(chunk);
          } else {
            policy.add(chunk, copies);
            if (!free.has(chunk)) free.set(chunk, copies);
          }
        }
        expect(policy.size).toBe(free.size);
        const offered = among.filter((chunk) => free.has(chunk));
        const best = Math.min(...offered.map((chunk) => free.get(chunk)!));
        const right = offered.filter((chunk) => free.get(chunk) === best);
        const picked = policy.pick(bits(20, among));
        expect(picked === undefined ? right : right.includes(picked)).toEqual(picked === undefined ? [] : true);
      }),
    );
  });
});
