import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesEqual, fromHex, toHex } from '../src/bytes.ts';

describe('hexadecimal', () => {
  test('goes there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes);
      }),
    );
  });

  test('text is hexadecimal exactly when all its characters are digits, in pairs', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 4 }), fc.string({ unit: 'binary', maxLength: 4 })), (text) => {
        const isHex = text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text);
        expect(fromHex(text) !== undefined).toBe(isHex);
      }),
    );
    expect(fromHex('0g')).toBeUndefined();
    expect(fromHex('abc')).toBeUndefined();
    expect(fromHex('')).toEqual(new Uint8Array());
  });
});

test('bytes are equal when length and content are', () => {
  expect(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
});
