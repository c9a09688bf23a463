import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkCutter } from '../src/chunk-cutter.ts';
import { ChunkRun } from '../src/chunk-run.ts';
import { type Chunking, fixedChunks } from '../src/chunking.ts';
import { digestBytes, pureHashes } from '../src/hash.ts';
import { Layout } from '../src/layout.ts';
import { noiseBytes } from './content-defined/some-bytes.ts';

/** Adds the chunk that begins where the run ends. */
type Add = (run: ChunkRun) => void;

function adderOf(bytes: Uint8Array, fileBytes: readonly number[], chunking: Chunking): Add {
  const cutter = new ChunkCutter(new Layout(fileBytes, Math.max(1, bytes.length)), chunking);
  cutter.buffer.set(bytes);
  return (run) => {
    const end = cutter.endOfChunk(run.end, 0, bytes.length)!;
    run.add(end, pureHashes.sha256.digest(bytes.subarray(run.end, end)));
  };
}

/** As several threads do it: every segment from its own start, then put together. */
function inSegments(add: Add, totalBytes: number, segmentBytes: number): ChunkRun {
  const runs: ChunkRun[] = [];
  for (let start = 0; start < totalBytes; start += segmentBytes) {
    const run = new ChunkRun({ start });
    while (run.end < Math.min(start + segmentBytes, totalBytes)) add(run);
    runs.push(new ChunkRun(run.write()));
  }
  const whole = new ChunkRun();
  for (const run of runs) while (whole.end < run.end && !whole.join(run)) add(whole);
  return whole;
}

const contents = fc
  .array(fc.tuple(fc.constantFrom('noise', 'zeros', 'again'), fc.nat(30_000), fc.integer({ min: 1 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((files) => ({
    fileBytes: files.map(([, count]) => count),
    bytes: Buffer.concat(
      files.map(([kind, count, seed]) =>
        kind === 'zeros' ? new Uint8Array(count) : noiseBytes(count, kind === 'again' ? 7 : seed),
      ),
    ),
  }));
const chunkings: fc.Arbitrary<Chunking> = fc.constantFrom(
  { kind: 'contentDefined', minBytes: 96, averageBytes: 384, maxBytes: 1536 },
  { kind: 'contentDefined', minBytes: 1500, averageBytes: 1500, maxBytes: 1500 },
  fixedChunks(777),
);

test('segments cut apart from each other and put together are the chunks of one pass', () => {
  fc.assert(
    fc.property(
      contents,
      chunkings,
      fc.integer({ min: 1, max: 20 }),
      ({ bytes, fileBytes }, chunking, chunksPerSegment) => {
        const add = adderOf(bytes, fileBytes, chunking);
        const whole = new ChunkRun();
        while (whole.end < bytes.length) add(whole);
        const largest = chunking.kind === 'fixed' ? chunking.chunkBytes : chunking.maxBytes;
        const joined = inSegments(add, bytes.length, largest * chunksPerSegment);
        expect(joined.write()).toEqual(whole.write());
        expect(joined.table(chunking)).toEqual(whole.table(chunking));
      },
    ),
    { numRuns: 60 },
  );
});

const digest = (value: number): Uint8Array => new Uint8Array(digestBytes).fill(value);

test('a run joins another only from a cut that both have', () => {
  const later = new ChunkRun({ start: 100 });
  later.add(150, digest(1));
  later.add(180, digest(2));
  const run = new ChunkRun();
  run.add(120, digest(3));
  expect(run.join(later)).toBe(false);
  run.add(150, digest(4));
  expect(run.join(later)).toBe(true);
  expect(Array.from(run.write().ends)).toEqual([120, 150, 180]);
  expect(run.write().digests.filter((_, index) => index % digestBytes === 0)).toEqual(Uint8Array.of(3, 4, 2));
  expect(run.join(later)).toBe(false); // it ends where this one ends: nothing begins there
});
