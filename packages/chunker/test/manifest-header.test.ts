import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkingOf } from '../src/chunking.ts';
import { decodeHeader, encodeHeader, headerBytesMax, type ManifestHeader } from '../src/manifest-header.ts';

const base: ManifestHeader = {
  version: 1,
  kind: 'folder',
  name: 'photos',
  hash: 'blake3',
  chunking: { kind: 'fixed', chunkBytes: 102_400 },
  totalBytes: 5_000_000_000,
  chunkCount: 48_829,
  entryCount: 3,
  entriesRoot: new Uint8Array(32).fill(7),
  chunksRoot: new Uint8Array(32).fill(8),
};

const contentDefined: ManifestHeader = {
  ...base,
  chunking: { kind: 'contentDefined', minBytes: 2048, averageBytes: 65_536, maxBytes: 262_144 },
  chunkCount: 70_000,
};

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
const headers: fc.Arbitrary<ManifestHeader> = fc
  .record({
    kind: fc.constantFrom('file' as const, 'folder' as const),
    name: fc.stringMatching(/^[x-zé東😀]{1,60}$/u),
    hash: fc.constantFrom('blake3' as const, 'sha256' as const),
    sizes: fc.uniqueArray(fc.integer({ min: 100, max: 4_194_304 }), { minLength: 1, maxLength: 3 }),
    totalBytes: fc.nat(10_000_000),
    entryCount: fc.integer({ min: 0, max: 500_000 }),
    entriesRoot: digests,
    chunksRoot: digests,
  })
  .filter(({ sizes }) => sizes.length !== 2)
  .map(({ sizes, kind, name, hash, entryCount, totalBytes, entriesRoot, chunksRoot }) => ({
    version: 1,
    kind,
    name,
    hash,
    chunking: chunkingOf(sizes.sort((a, b) => a - b))!,
    totalBytes,
    chunkCount: Math.ceil(totalBytes / sizes.at(-1)!),
    entryCount: kind === 'file' ? 1 : entryCount,
    entriesRoot,
    chunksRoot,
  }));

const changed = (change: Partial<ManifestHeader>): Uint8Array => encodeHeader({ ...base, ...change });

describe('manifest header', () => {
  test('goes through bytes unchanged', () => {
    for (const header of [base, contentDefined])
      expect(decodeHeader(encodeHeader(header))).toEqual({ ok: true, value: header });
    fc.assert(
      fc.property(headers, (header) => {
        expect(decodeHeader(encodeHeader(header))).toEqual({ ok: true, value: header });
      }),
    );
  });

  test('can be read by any msgpack library', () => {
    const numbers = [102_400];
    const { entriesRoot, chunksRoot } = base;
    expect(decode(encodeHeader(base))).toEqual([
      1,
      true,
      'photos',
      'blake3',
      numbers,
      5_000_000_000,
      48_829,
      3,
      entriesRoot,
      chunksRoot,
    ]);
    expect((decode(encodeHeader(contentDefined)) as unknown[])[4]).toEqual([2048, 65_536, 262_144]);
  });

  test('is small, whatever it describes', () => {
    const largest: ManifestHeader = {
      ...contentDefined,
      name: 'x'.repeat(255),
      chunking: { kind: 'contentDefined', minBytes: 4_194_304, averageBytes: 4_194_304, maxBytes: 4_194_304 },
      totalBytes: 2_000_000_000_000,
      chunkCount: 500_000,
      entryCount: 500_000,
    };
    expect(decodeHeader(encodeHeader(largest)).ok).toBe(true);
    expect(encodeHeader(largest).length).toBeLessThan(headerBytesMax);
  });

  test('arbitrary bytes never throw, and what is accepted encodes to the same bytes', () => {
    const whole = encodeHeader(contentDefined);
    const spoilt = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map((changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const cut = fc.nat(whole.length).map((end) => whole.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(spoilt, fc.uint8Array(), cut), (bytes) => {
        const answer = decodeHeader(bytes);
        if (answer.ok) expect(encodeHeader(answer.value)).toEqual(bytes); // oxlint-disable-line vitest/no-conditional-expect -- most are refused
        else expect(answer.detail).not.toBe(''); // oxlint-disable-line vitest/no-conditional-expect -- as above
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, Uint8Array, string]>([
    ['a longer array', Uint8Array.of(0x9b, ...encodeHeader(base).subarray(1), 0), 'malformed'],
    ['bytes after the end', Uint8Array.of(...encodeHeader(base), 0), 'malformed'],
    ['another hash', changed({ hash: 'md5' as 'sha256' }), 'malformed'],
    ['chunks of nothing', changed({ chunking: { kind: 'fixed', chunkBytes: 0 } }), 'malformed'],
    ['chunks too large', changed({ chunking: { kind: 'fixed', chunkBytes: 4_194_305 } }), 'malformed'],
    [
      'a smallest chunk above the average one',
      changed({ chunking: { kind: 'contentDefined', minBytes: 9, averageBytes: 8, maxBytes: 70_000 } }),
      'malformed',
    ],
    ['another number of chunks', changed({ chunkCount: 48_828 }), 'malformed'],
    ['chunks that cannot hold it all', encodeHeader({ ...contentDefined, chunkCount: 19_073 }), 'malformed'],
    ['more chunks than bytes', encodeHeader({ ...contentDefined, totalBytes: 60_000 }), 'malformed'],
    ['a file that is many', changed({ kind: 'file' }), 'malformed'],
    ['a root too short', changed({ chunksRoot: new Uint8Array(31) }), 'malformed'],
    ['a newer version', changed({ version: 2 as 1 }), 'version'],
    [
      'too many chunks',
      changed({ chunking: { kind: 'fixed', chunkBytes: 9000 }, chunkCount: 555_556 }),
      'tooManyChunks',
    ],
    ['too many files', changed({ entryCount: 500_001 }), 'tooLarge'],
    ['more bytes than it may have', new Uint8Array(headerBytesMax + 1), 'tooLarge'],
    ['a name with a folder', changed({ name: '../photos' }), 'nameUnsafe'],
  ])('%s is refused', (_, bytes, reason) => {
    expect(decodeHeader(bytes)).toMatchObject({ ok: false, reason });
  });
});
