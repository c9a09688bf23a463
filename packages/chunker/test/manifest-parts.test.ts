import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedChunks } from '../src/chunking.ts';
import { pureHashes } from '../src/hash.ts';
import { ManifestAssembly } from '../src/manifest-assembly.ts';
import { encodeDocument, makeDocument, type ManifestDocument } from '../src/manifest-document.ts';
import { encodeHeader } from '../src/manifest-header.ts';
import { manifestPart, manifestPartBytesMax, partCountOf } from '../src/manifest-parts.ts';
import { swarmIdOf } from '../src/swarm-id.ts';
import { sampleSet } from '../src/testing/index.ts';
import { loadWasmHashes } from '../src/wasm-hashes.ts';

const hashes = await loadWasmHashes();

/** Many files, and chunks of one size or of their own: several parts of each kind. */
const even = sampleSet(
  Array.from({ length: 1100 }, (_, n) => n % 5),
  1,
).document;
const uneven = sampleSet(
  [3000],
  Array.from({ length: 1500 }, (_, n) => (n % 2 === 0 ? 3 : 1)),
).document;
const empty = sampleSet([]).document;

const partsOf = (document: ManifestDocument): Uint8Array[] =>
  Array.from({ length: partCountOf(document.header) }, (_, part) => manifestPart(document, part));

describe('manifest parts', () => {
  test.each<[string, ManifestDocument, number]>([
    ['many files and chunks', even, 3],
    ['chunks of their own sizes', uneven, 2],
    ['nothing at all', empty, 1],
  ])('of %s make the whole again, in any order after the first', (_, document, count) => {
    const parts = partsOf(document);
    expect(parts).toHaveLength(count);
    const assembly = new ManifestAssembly(document.swarmId, hashes);
    expect([...assembly.missing]).toEqual([0]);
    expect(assembly.take(0, parts[0]!)).toBe(true);
    for (const part of [...assembly.missing].toReversed()) expect(assembly.take(part, parts[part]!)).toBe(true);
    expect(assembly.missing.size).toBe(0);
    const made = assembly.document();
    const { value } = made as typeof made & { ok: true };
    expect(value.swarmId).toBe(document.swarmId);
    expect(encodeDocument(value)).toEqual(encodeDocument(document));
    expect(assembly.bytes).toBe(parts.reduce((sum, part) => sum + part.length, 0));
  });

  test('a lie is known at its first part, and costs nothing of what others sent', () => {
    const parts = { even: partsOf(even), uneven: partsOf(uneven) };
    fc.assert(
      fc.property(fc.constantFrom<'even' | 'uneven'>('even', 'uneven'), fc.nat(), fc.nat(), (which, seed, flip) => {
        const document = which === 'even' ? even : uneven;
        const assembly = new ManifestAssembly(document.swarmId, hashes);
        const lie = seed % parts[which].length;
        for (const [part, right] of parts[which].entries()) {
          const wrong = right.slice();
          wrong[flip % wrong.length]! ^= 1 << (seed & 7);
          // A wrong first part, too: nothing is believed before the header is right.
          if (part === lie) expect(assembly.take(part, wrong)).toBe(false); // oxlint-disable-line vitest/no-conditional-expect -- one part of them
          expect(assembly.take(part, right)).toBe(true);
        }
        expect(assembly.document().ok).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('a part in the place of another, cut short or too long is not taken', () => {
    const parts = partsOf(even);
    const assembly = new ManifestAssembly(even.swarmId, hashes);
    expect(assembly.take(0, parts[1]!)).toBe(false);
    assembly.take(0, parts[0]!);
    const [one] = [parts[1]!];
    for (const wrong of [
      parts[2]!,
      parts[0]!,
      one.subarray(1),
      one.subarray(0, -1),
      Uint8Array.of(...one, 0),
      new Uint8Array(0),
    ])
      expect(assembly.take(1, wrong)).toBe(false);
    expect(assembly.take(1, one)).toBe(true);
  });

  test('what its maker did wrong is told when all is there, and is nobody else’s fault', () => {
    const newer = encodeHeader({ ...even.header, version: 2 as 1 });
    const future = new ManifestAssembly(swarmIdOf(newer, hashes), hashes);
    const part = Uint8Array.of(0x93, 0xc4, newer.length, ...newer, 0xc4, 0, 0xc4, 0);
    expect(future.take(0, part)).toBe(true);
    expect(future.missing.size).toBe(0);
    expect(future.document()).toMatchObject({ ok: false, reason: 'version' });
  });

  test('a root of nothing is looked at as well, though no part can prove it', () => {
    const forged = encodeHeader({ ...empty.header, entriesRoot: even.header.entriesRoot });
    const assembly = new ManifestAssembly(swarmIdOf(forged, hashes), hashes);
    const part = Uint8Array.of(0x93, 0xc4, forged.length, ...forged, 0xc4, 0, 0xc4, 0);
    expect(assembly.take(0, part)).toBe(true);
    expect(assembly.document()).toMatchObject({ ok: false, reason: 'mismatch' });
  });

  test('the manifest of a terabyte comes in small parts, each checked alone', () => {
    const chunkBytes = 3_276_800;
    const totalBytes = 10 ** 12;
    const chunkCount = Math.ceil(totalBytes / chunkBytes);
    const made = makeDocument(
      {
        kind: 'file',
        name: 'tera',
        hash: 'blake3',
        chunking: fixedChunks(chunkBytes),
        files: [{ path: 'tera', bytes: totalBytes, executable: false }],
        emptyFolders: [],
      },
      { digests: Uint8Array.from({ length: chunkCount * 32 }, (_, n) => n * 7 + (n >> 13)) },
      hashes,
    );
    const { value: document } = made as typeof made & { ok: true };
    expect(partCountOf(document.header)).toBe(299);
    const assembly = new ManifestAssembly(document.swarmId, pureHashes);
    for (const part of [0, 150, 298]) {
      const bytes = manifestPart(document, part);
      expect(bytes.length).toBeLessThan(40_000);
      expect(assembly.take(part, bytes)).toBe(true);
    }
  });

  test('no part is longer than is allowed', () => {
    const longest = Array.from({ length: 1024 }, (_, n) =>
      Array.from({ length: 12 }, (__, depth) => String(n * 12 + depth).padStart(255, '0')).join('/'),
    );
    const made = makeDocument(
      { ...empty.manifest, files: longest.map((path) => ({ path, bytes: 0, executable: false })) },
      { digests: new Uint8Array(0) },
      hashes,
    );
    const { value: document } = made as typeof made & { ok: true };
    expect(manifestPart(document, 0).length).toBeGreaterThan(1024 * 3071);
    expect(manifestPart(document, 0).length).toBeLessThan(manifestPartBytesMax);
  });
});
