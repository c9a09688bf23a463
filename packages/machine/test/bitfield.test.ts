import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bitfield } from '../src/bitfield.ts';

describe('bitfield', () => {
  test('goes through bytes unchanged', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 70 }), (bits) => {
        const field = new Bitfield(bits.length);
        for (const [index, bit] of bits.entries()) if (bit) field.set(index);
        const back = Bitfield.fromBytes(field.toBytes(), bits.length)!;
        expect(back.count).toBe(bits.filter(Boolean).length);
        expect([...back.ones()]).toEqual(bits.flatMap((bit, index) => (bit ? [index] : [])));
      }),
    );
  });

  test('puts the first chunk in the highest bit, as BEP 3 does', () => {
    const field = new Bitfield(9);
    field.set(0);
    field.set(8);
    expect([...field.toBytes()]).toEqual([0x80, 0x80]);
  });

  test('refuses bytes of the wrong size or with spare bits set', () => {
    expect(Bitfield.fromBytes(new Uint8Array(2), 17)).toBeUndefined();
    expect(Bitfield.fromBytes(Uint8Array.of(0, 1), 9)).toBeUndefined();
    expect(Bitfield.fromBytes(Uint8Array.of(0, 0x80), 9)?.count).toBe(1);
  });

  test('counts what is set and cleared once', () => {
    const field = Bitfield.full(10);
    expect(field.isFull).toBe(true);
    expect([field.set(3), field.clear(3), field.clear(3), field.set(3)]).toEqual([false, true, false, true]);
    expect(field.count).toBe(10);
  });

  test('takes another in, and knows whether it has all of it', () => {
    const [a, b] = [new Bitfield(20), new Bitfield(20)];
    for (const index of [0, 9]) a.set(index);
    for (const index of [9, 19]) b.set(index);
    expect([a.hasAll(b), b.hasAll(a)]).toEqual([false, false]);
    a.addAll(b);
    expect([...a.ones()]).toEqual([0, 9, 19]);
    expect([a.count, a.hasAll(b), b.hasAll(a)]).toEqual([3, true, false]);
  });

  test('walks what two have in common, from anywhere and around', () => {
    const [a, b] = [new Bitfield(40), new Bitfield(40)];
    for (const index of [0, 3, 9, 22, 23, 39]) a.set(index);
    for (const index of [0, 3, 10, 22, 23, 39]) b.set(index);
    expect([...a.common(b)]).toEqual([0, 3, 22, 23, 39]);
    expect([...a.common(b, 17)]).toEqual([22, 23, 39, 0, 3]);
    expect([...a.common(new Bitfield(40))]).toEqual([]);
  });
});
