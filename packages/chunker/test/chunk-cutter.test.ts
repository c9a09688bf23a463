import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkCutter } from '../src/chunk-cutter.ts';
import { type Chunking, fixedChunks, largestChunk } from '../src/chunking.ts';
import { Layout } from '../src/layout.ts';
import { noiseBytes } from './content-defined/some-bytes.ts';

const sizes: Chunking = { kind: 'contentDefined', minBytes: 384, averageBytes: 1536, maxBytes: 6144 };

/** Where the chunks of a set end, read into the buffer at most `atOnce` bytes at a time. */
function endsOf(bytes: Uint8Array, fileBytes: readonly number[], chunking: Chunking, atOnce = Infinity): number[] {
  const layout = new Layout(fileBytes, Math.max(1, bytes.length));
  const cutter = new ChunkCutter(layout, chunking);
  const room = Math.min(cutter.buffer.length, Math.max(atOnce, largestChunk(chunking)));
  const ends: number[] = [];
  let [from, to] = [0, 0];
  for (let start = 0; start < bytes.length;) {
    const end = cutter.endOfChunk(start, from, to);
    if (end === undefined) {
      [from, to] = [start, Math.min(start + room, bytes.length)];
      cutter.buffer.set(bytes.subarray(from, to));
      continue;
    }
    ends.push(end);
    start = end;
  }
  return ends;
}

describe('cutting', () => {
  test('into fixed chunks is what the layout says', () => {
    const bytes = noiseBytes(10_001);
    expect(endsOf(bytes, [10_001], fixedChunks(4000))).toEqual([4000, 8000, 10_001]);
    expect(endsOf(bytes.subarray(0, 8000), [5000, 3000], fixedChunks(4000))).toEqual([4000, 8000]);
    expect(endsOf(new Uint8Array(0), [0, 0], fixedChunks(1))).toEqual([]);
  });

  test('content-defined: the same chunks however much is read at once', () => {
    const files = fc.array(fc.oneof(fc.constant(0), fc.nat(40_000)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 60_000 }), fc.integer(), (fileBytes, atOnce, seed) => {
        const total = fileBytes.reduce((sum, bytes) => sum + bytes, 0);
        const bytes = noiseBytes(total, seed || 1);
        const ends = endsOf(bytes, fileBytes, sizes);
        expect(endsOf(bytes, fileBytes, sizes, atOnce)).toEqual(ends);
        expect(ends.at(-1) ?? 0).toBe(total);
        for (const [index, end] of ends.entries()) {
          const size = end - (ends[index - 1] ?? 0);
          expect(size).toBeLessThanOrEqual(6144);
          expect(size).toBeGreaterThanOrEqual(Math.min(384, total - end + size));
        }
      }),
      { numRuns: 50 },
    );
  });

  test('content-defined: a file of at least the least size ends with a chunk, and smaller ones share chunks', () => {
    const bytes = noiseBytes(100_000);
    const ends = endsOf(bytes, [30_000, 100, 100, 39_800, 30_000], sizes);
    expect(ends).toEqual(expect.arrayContaining([30_000, 70_000, 100_000]));
    expect(ends).not.toContain(30_100);
    expect(ends).not.toContain(30_200);
  });

  test('content-defined: what is put in front moves the cuts with it', () => {
    const bytes = noiseBytes(1_000_000);
    const longer = new Uint8Array(1_000_001);
    longer.set(bytes, 1);
    const before = new Set(endsOf(bytes, [bytes.length], sizes).map((end) => end + 1));
    const after = endsOf(longer, [longer.length], sizes);
    expect(after.length).toBeGreaterThan(300);
    expect(after.filter((end) => !before.has(end)).length).toBeLessThanOrEqual(2);
  });
});
