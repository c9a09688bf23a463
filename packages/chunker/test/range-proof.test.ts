import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pureHashes } from '../src/hash.ts';
import { nodeBytes } from '../src/hash-tree.ts';
import { type FileRange, proveRange, rangeProofBytesMax, verifyRange } from '../src/range-proof.ts';
import { type SampleSet, sampleSet } from '../src/testing/index.ts';

const hashes = pureHashes;

/** Sets of some files, cut at one size or at sizes of their own, and a range of one file. */
const questions: fc.Arbitrary<{ set: SampleSet; file: number; range: FileRange }> = fc
  .tuple(
    fc.array(fc.oneof(fc.constant(0), fc.nat(60)), { minLength: 1, maxLength: 12 }),
    fc.boolean(),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
    fc.nat(),
    fc.nat(),
    fc.nat(),
  )
  .map(([fileBytes, isEven, draws, pick, a, b]) => {
    const sizes: number[] = [];
    for (let left = fileBytes.reduce((sum, bytes) => sum + bytes, 0); left > 0; left -= sizes.at(-1)!)
      sizes.push(Math.min(left, draws[sizes.length % draws.length]!));
    const set = sampleSet(fileBytes, isEven ? 7 : sizes);
    const file = pick % fileBytes.length;
    const [from, to] = [a % (fileBytes[file]! + 1), b % (fileBytes[file]! + 1)];
    const { path } = set.document.manifest.files[file]!;
    return { set, file, range: { path, start: Math.min(from, to), end: Math.max(from, to) } };
  });

function chunksOf({ document, chunks }: SampleSet, file: number, { start, end }: FileRange): Uint8Array[] {
  const span = document.layout.chunksOfFileRange(file, start, end);
  return chunks.slice(span.first, span.end);
}

describe('range proof', () => {
  test('gives exactly the bytes of any range of any file, by its own chunks alone', () => {
    fc.assert(
      fc.property(questions, ({ set, file, range }) => {
        const proof = proveRange(set.document, range);
        const chunks = chunksOf(set, file, range);
        expect(verifyRange({ swarmId: set.document.swarmId, range, proof, chunks, hashes })).toEqual({
          ok: true,
          value: set.files[file]!.slice(range.start, range.end),
        });
        expect(proof.length).toBeLessThan(rangeProofBytesMax + 36 * chunks.length);
      }),
      { numRuns: 300 },
    );
  });

  test('no bit of proof or chunks can be another', () => {
    fc.assert(
      fc.property(questions, fc.nat(), ({ set, file, range }, seed) => {
        const proof = proveRange(set.document, range);
        const chunks = chunksOf(set, file, range).map((chunk) => chunk.slice());
        const places = [proof, ...chunks];
        const place = places[seed % places.length]!;
        place[(seed >> 3) % place.length]! ^= 1 << (seed & 7);
        expect(verifyRange({ swarmId: set.document.swarmId, range, proof, chunks, hashes }).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('a proof of another range, file or set is not taken', () => {
    fc.assert(
      fc.property(questions, questions, ({ set, file, range }, other) => {
        const { swarmId } = set.document;
        const foreign = proveRange(other.set.document, other.range);
        const chunks = chunksOf(other.set, other.file, other.range);
        fc.pre(other.set.document.swarmId !== swarmId);
        expect(verifyRange({ swarmId, range, proof: foreign, chunks, hashes })).toMatchObject({ reason: 'mismatch' });
        // The same set, but where the range lies in other chunks.
        const size = set.files[file]!.length;
        const whole = { ...range, start: 0, end: size };
        const first = { ...range, start: 0, end: Math.min(1, size) };
        const [a, b] = [chunksOf(set, file, whole), chunksOf(set, file, first)];
        fc.pre(a.length !== b.length);
        const proof = proveRange(set.document, first);
        expect(verifyRange({ swarmId, range: whole, proof, chunks: b, hashes })).toMatchObject({ reason: 'mismatch' });
        const tooMuch = proveRange(set.document, whole);
        expect(verifyRange({ swarmId, range: first, proof: tooMuch, chunks: a, hashes })).toMatchObject({ ok: false });
      }),
      { numRuns: 200 },
    );
  });

  test('arbitrary and cut-off proofs never throw', () => {
    const set = sampleSet([30, 40], 7);
    const range = { path: '0001', start: 3, end: 33 };
    const whole = proveRange(set.document, range);
    const cut = fc.nat(whole.length - 1).map((end) => whole.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), cut), (proof) => {
        const answer = verifyRange({ swarmId: set.document.swarmId, range, proof, chunks: [], hashes });
        expect(answer.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  const set = sampleSet([1500, 2500, 0, 3]);
  const { swarmId } = set.document;
  const range = { path: '0001', start: 100, end: 900 };
  const chunks = chunksOf(set, 1, range);
  const proof = proveRange(set.document, range);

  test.each<[string, Partial<Parameters<typeof verifyRange>[0]>, string]>([
    ['another swarm', { swarmId: sampleSet([1]).document.swarmId }, 'mismatch'],
    ['another file', { range: { ...range, path: '0000' } }, 'mismatch'],
    ['more than the file has', { range: { ...range, end: 2501 } }, 'outside'],
    ['a range that ends before it begins', { range: { ...range, start: 901 } }, 'outside'],
    ['a range that begins before the file', { range: { ...range, start: -1 } }, 'outside'],
    ['no number', { range: { ...range, start: Number.NaN } }, 'outside'],
    ['a chunk too few', { chunks: chunks.slice(1) }, 'damaged'],
    ['a chunk too many', { chunks: [...chunks, chunks[0]!] }, 'damaged'],
    ['the right bytes in another order', { chunks: chunks.toReversed() }, 'damaged'],
    ['a chunk cut short', { chunks: chunks.map((chunk) => chunk.subarray(1)) }, 'damaged'],
  ])('%s is refused', (_, change, reason) => {
    expect(verifyRange({ swarmId, range, proof, chunks, hashes, ...change })).toMatchObject({ ok: false, reason });
  });

  test('a holder is told when it is asked for what is not there', () => {
    expect(() => proveRange(set.document, { ...range, path: 'x' })).toThrow('not a file of the set');
    expect(() => proveRange(set.document, { ...range, end: 2501 })).toThrow('2500 bytes');
  });

  test('is bounded: of one chunk among thousands it has two digests a level at most', () => {
    const many = sampleSet([300, 4000, 200], 1);
    const one = { path: '0001', start: 2000, end: 2001 };
    const small = proveRange(many.document, one);
    const levels = Math.ceil(Math.log2(many.document.layout.chunkCount));
    expect(small.length).toBeLessThan(512 + 100 + (levels + 2) * nodeBytes);
    const answer = verifyRange({
      swarmId: many.document.swarmId,
      range: one,
      proof: small,
      chunks: [many.chunks[2300]!],
      hashes,
    });
    expect(answer).toEqual({ ok: true, value: many.files[1]!.slice(2000, 2001) });
  });
});
