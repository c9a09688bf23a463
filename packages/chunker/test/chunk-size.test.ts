import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkBytesDefault, chunkBytesFor, chunkBytesMax, parseByteSize } from '../src/chunk-size.ts';

const countOf = (totalBytes: number, wanted?: number): number =>
  Math.ceil(totalBytes / chunkBytesFor(totalBytes, wanted));

describe('chunk size', () => {
  test.each([
    [0, 1],
    [1, 1],
    [4, 1],
    [5, 1],
    [6, 1],
    [10, 2],
    [102_400, 20_480],
    [409_600, 81_920],
    [409_601, 102_400],
    [1024 * 102_400, 102_400],
    [1024 * 102_400 + 1, 204_800],
    [2048 * 102_400 + 1, 409_600],
    [2 ** 30, 409_600],
    [16_384 * 409_600, 409_600],
    [16_384 * 409_600 + 1, 819_200],
    [2 ** 40, 3_276_800],
  ])('of %i bytes is %i', (totalBytes, chunkBytes) => {
    expect(chunkBytesFor(totalBytes)).toBe(chunkBytes);
  });

  test('gives at least five chunks from five bytes on, and a table of bounded size', () => {
    const wanted = fc.option(fc.integer({ min: 200_000, max: chunkBytesMax }), { nil: undefined });
    fc.assert(
      fc.property(fc.oneof(fc.nat(3_000_000), fc.nat(10_000_000_000)), wanted, (totalBytes, wanted) => {
        expect(countOf(totalBytes, wanted)).toBeGreaterThanOrEqual(Math.min(5, totalBytes));
        expect(countOf(totalBytes)).toBeLessThanOrEqual(16_384);
      }),
    );
  });

  test('is what was asked for when there is enough content', () => {
    expect(chunkBytesFor(10_000_000, 5000)).toBe(5000);
    expect(chunkBytesFor(100, 5000)).toBe(20);
  });

  test.each([0, -1, 1.5, Number.NaN, chunkBytesMax + 1])('%s asked for is refused', (wanted) => {
    expect(() => chunkBytesFor(1000, wanted)).toThrow('chunkBytes');
  });

  test('too small for so much content is refused with what to do', () => {
    expect(() => chunkBytesFor(10_000_000_000, 1000)).toThrow('ask for larger chunks');
  });

  test.each([
    ['102400', 102_400],
    ['100KB', 100_000],
    ['100KiB', chunkBytesDefault],
    ['100kib', chunkBytesDefault],
    ['100 K', chunkBytesDefault],
    ['1MB', 1_000_000],
    ['1.5MiB', 1_572_864],
    ['2g', 2_147_483_648],
    ['7B', 7],
  ])('%s is read as %i bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  test.each(['', 'KB', '-1', '1e3', '1TB', '0.5', '1.0000001KB', '1 2', '9999999999GB', '0x10', 'ib', '1ib'])(
    '%j is no size',
    (text) => {
      expect(parseByteSize(text)).toBeUndefined();
    },
  );
});
