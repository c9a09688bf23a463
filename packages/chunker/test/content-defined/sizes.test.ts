import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkBytesMax, chunkCountMax } from '../../src/chunk-size.ts';
import { chunkingNumbers, chunkingOf } from '../../src/chunking.ts';
import { contentDefinedFor } from '../../src/content-defined/sizes.ts';

test.each([
  [0, [1, 1, 1]],
  [5, [1, 1, 1]],
  [7679, [1535, 1535, 1535]],
  [7680, [256, 400, 1536]],
  [491_519, [4096, 6400, 24_576]],
  [491_520, [16_384, 25_600, 98_304]],
  [2 ** 31, [16_384, 25_600, 98_304]],
  [2 ** 31 + 1, [65_536, 102_400, 393_216]],
  [200_000_000_000, [1_048_576, 1_638_400, 4_194_304]],
])('%i bytes are cut by %j', (totalBytes, sizes) => {
  expect(chunkingNumbers(contentDefinedFor(totalBytes))).toEqual(sizes);
});

test('whatever the content, there are at least 5 chunks, and they can be written in a manifest', () => {
  const totals = fc.oneof(fc.nat(3_000_000), fc.nat(500_000_000_000));
  const wanted = fc.option(fc.integer({ min: 512, max: 2_097_152 }), { nil: undefined });
  fc.assert(
    fc.property(totals, wanted, (totalBytes, wanted) => {
      const chunking = contentDefinedFor(totalBytes, wanted);
      expect(chunkingOf(chunkingNumbers(chunking))).toEqual(chunking);
      expect(chunking.maxBytes).toBeLessThanOrEqual(chunkBytesMax);
      expect(Math.ceil(totalBytes / chunking.maxBytes)).toBeGreaterThanOrEqual(Math.min(5, totalBytes));
      const chunksMost = totalBytes / chunking.minBytes;
      expect(wanted !== undefined || totalBytes > 390_000_000_000 || chunksMost <= chunkCountMax).toBe(true);
    }),
  );
});

test.each([511, 2_097_153, 1000.5, -1, Number.NaN])('%d bytes are no average', (wanted) => {
  expect(() => contentDefinedFor(1_000_000, wanted)).toThrow('chunkBytes:');
});
