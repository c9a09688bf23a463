import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Layout } from '../src/layout.ts';

const evenSets = fc.tuple(
  fc.array(fc.oneof(fc.constant(0), fc.nat(50)), { maxLength: 30 }),
  fc.integer({ min: 1, max: 40 }),
);

/** The same files cut at places of their own. */
const unevenSets = fc
  .tuple(evenSets, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }))
  .map(([[fileBytes], draws]) => {
    const sizes: number[] = [];
    for (let left = fileBytes.reduce((sum, bytes) => sum + bytes, 0); left > 0; left -= sizes.at(-1)!)
      sizes.push(Math.min(left, draws[sizes.length % draws.length]!));
    return [fileBytes, sizes] as const;
  });

const sets = fc.oneof(evenSets, unevenSets);

/** Which file and offset each byte of the space belongs to: the slow and certain way. */
const byteOwners = (fileBytes: readonly number[]): [number, number][] =>
  fileBytes.flatMap((bytes, file) => Array.from({ length: bytes }, (_, offset): [number, number] => [file, offset]));

describe('layout', () => {
  test('the pieces of all chunks are all bytes of all files, once and in order', () => {
    fc.assert(
      fc.property(sets, ([fileBytes, chunkBytes]) => {
        const layout = new Layout(fileBytes, chunkBytes);
        const covered: [number, number][] = [];
        for (let chunk = 0; chunk < layout.chunkCount; chunk += 1) {
          let size = 0;
          for (const { file, fileOffset, bytes, chunkOffset } of layout.piecesOfChunk(chunk)) {
            expect(chunkOffset).toBe(size);
            expect(bytes).toBeGreaterThan(0);
            size += bytes;
            for (let at = 0; at < bytes; at += 1) covered.push([file, fileOffset + at]);
          }
          expect(size).toBe(layout.sizeOfChunk(chunk));
        }
        expect(covered).toEqual(byteOwners(fileBytes));
        expect(layout.totalBytes).toBe(covered.length);
      }),
    );
  });

  test('chunks have the sizes they were given, one after the other', () => {
    fc.assert(
      fc.property(unevenSets, fc.nat(), ([fileBytes, sizes], seed) => {
        const layout = new Layout(fileBytes, sizes);
        expect(Array.from({ length: layout.chunkCount }, (_, chunk) => layout.sizeOfChunk(chunk))).toEqual(sizes);
        if (layout.totalBytes === 0) return;
        const chunk = layout.chunkAt(seed % layout.totalBytes);
        const offset = (seed % layout.totalBytes) - layout.chunkStart(chunk);
        expect(offset >= 0 && offset < sizes[chunk]!).toBe(true);
      }),
    );
  });

  test('of one size, every chunk but the last is full, and the last is not empty', () => {
    fc.assert(
      fc.property(evenSets, ([fileBytes, chunkBytes]) => {
        const layout = new Layout(fileBytes, chunkBytes);
        const sizes = Array.from({ length: layout.chunkCount }, (_, chunk) => layout.sizeOfChunk(chunk));
        expect(sizes.slice(0, -1).every((size) => size === chunkBytes)).toBe(true);
        expect(sizes.at(-1) ?? 1).toBeGreaterThan(0);
      }),
    );
  });

  test('the chunks of a file are those with a piece of it', () => {
    fc.assert(
      fc.property(sets, ([fileBytes, chunkBytes]) => {
        const layout = new Layout(fileBytes, chunkBytes);
        const chunks = Array.from({ length: layout.chunkCount }, (_, chunk) => chunk);
        for (let file = 0; file < fileBytes.length; file += 1) {
          const { first, end } = layout.chunksOfFile(file);
          const holding = chunks.filter((chunk) => layout.piecesOfChunk(chunk).some((piece) => piece.file === file));
          expect(chunks.slice(first, end)).toEqual(holding);
        }
      }),
    );
  });

  test('any range is made of the bytes it names', () => {
    fc.assert(
      fc.property(sets, fc.nat(2000), fc.nat(2000), ([fileBytes, chunkBytes], a, b) => {
        const owners = byteOwners(fileBytes);
        const [start, end] = [Math.min(a, b, owners.length), Math.min(Math.max(a, b), owners.length)];
        const pieces = new Layout(fileBytes, chunkBytes).piecesOfRange(start, end);
        const named = pieces.flatMap(({ file, fileOffset, bytes }) =>
          Array.from({ length: bytes }, (_, at): [number, number] => [file, fileOffset + at]),
        );
        expect(named).toEqual(owners.slice(start, end));
      }),
    );
  });

  test('counts beyond four gigabytes', () => {
    const layout = new Layout([3, 5 * 2 ** 40, 7], 4_194_304);
    expect(layout.chunkCount).toBe(1_310_721);
    expect(layout.piecesOfChunk(1_310_720)).toEqual([
      { file: 1, fileOffset: 5 * 2 ** 40 - 3, bytes: 3, chunkOffset: 0 },
      { file: 2, fileOffset: 0, bytes: 7, chunkOffset: 3 },
    ]);
  });

  test('what is not in the set is a fault of ours', () => {
    const layout = new Layout([10], 4);
    expect(() => layout.piecesOfChunk(3)).toThrow('the chunk is one of the set');
    expect(() => layout.chunksOfFile(1)).toThrow('the file is one of the set');
    expect(() => layout.piecesOfRange(0, 11)).toThrow('the range lies inside the set');
    expect(() => new Layout([-1], 4)).toThrow('whole number');
    expect(() => new Layout([5], [2, 2])).toThrow('as large as the files');
    expect(() => new Layout([1], 0)).toThrow('positive');
  });
});
