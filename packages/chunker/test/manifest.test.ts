import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CanonicalWriter } from '../src/canonical.ts';
import { decodeManifest, encodeManifest, type Manifest, manifestBytesMax, manifestProblem } from '../src/manifest.ts';
import { comparePaths } from '../src/path-set.ts';

const base: Manifest = {
  version: 1,
  kind: 'folder',
  name: 'photos',
  hash: 'blake3',
  chunkBytes: 102_400,
  files: [
    { path: 'a/one.jpg', bytes: 5_000_000_000, executable: false },
    { path: 'run.sh', bytes: 0, executable: true },
  ],
  emptyFolders: ['b/later'],
  root: new Uint8Array(32).fill(7),
};

const segment = fc.stringMatching(/^[a-zé東😀]{1,6}$/u).filter((name) => !/^(con|prn|aux|nul)$/.test(name));
const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    name: segment,
    hash: fc.constantFrom('blake3' as const, 'sha256' as const),
    chunkBytes: fc.integer({ min: 1000, max: 4_194_304 }),
    // Files and folders in different places, so that none is in the way of another.
    paths: fc.uniqueArray(segment, { maxLength: 20 }),
    folders: fc.uniqueArray(segment, { maxLength: 5 }),
    bytes: fc.nat(5_000_000),
    root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  })
  .map(({ paths, folders, bytes, name, hash, chunkBytes, root }) => ({
    name,
    hash,
    chunkBytes,
    root,
    version: 1,
    kind: 'folder',
    files: paths
      .sort(comparePaths)
      .map((path, index) => ({ path: `files/${path}`, bytes: bytes + index, executable: index % 2 === 0 })),
    emptyFolders: folders.sort(comparePaths).map((path) => `folders/${path}`),
  }));

const changed = (change: Partial<Manifest>): Uint8Array => encodeManifest({ ...base, ...change });
const file = (path: string, bytes = 1) => ({ path, bytes, executable: false });

describe('manifest', () => {
  test('goes through bytes unchanged, and these bytes are the only ones', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const bytes = encodeManifest(manifest);
        const answer = decodeManifest(bytes);
        expect(answer).toEqual({ ok: true, value: manifest });
        expect(manifestProblem(manifest)).toBeUndefined();
      }),
    );
  });

  test('can be read by any msgpack library', () => {
    expect(decode(encodeManifest(base))).toEqual([
      1,
      true,
      'photos',
      'blake3',
      102_400,
      [
        ['a/one.jpg', 5_000_000_000, false],
        ['run.sh', 0, true],
      ],
      ['b/later'],
      base.root,
    ]);
  });

  test('arbitrary bytes never throw, and what is accepted encodes to the same bytes', () => {
    const whole = encodeManifest(base);
    const spoilt = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map((changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          spoilt,
          fc.uint8Array(),
          fc.nat(whole.length).map((end) => whole.slice(0, end)),
        ),
        (bytes) => {
          const answer = decodeManifest(bytes);
          if (answer.ok) expect(encodeManifest(answer.value)).toEqual(bytes); // oxlint-disable-line vitest/no-conditional-expect -- most are refused
          else expect(answer.detail).not.toBe(''); // oxlint-disable-line vitest/no-conditional-expect -- as above
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each<[string, Uint8Array, string]>([
    ['a longer array', Uint8Array.of(0x99, ...encodeManifest(base).subarray(1), 0), 'malformed'],
    ['bytes after the end', Uint8Array.of(...encodeManifest(base), 0), 'malformed'],
    ['another hash', changed({ hash: 'md5' as 'sha256' }), 'malformed'],
    ['chunks of nothing', changed({ chunkBytes: 0 }), 'malformed'],
    ['chunks too large', changed({ chunkBytes: 4_194_305 }), 'malformed'],
    ['a root too short', changed({ root: new Uint8Array(31) }), 'malformed'],
    ['a file that is a folder', changed({ kind: 'file' }), 'malformed'],
    ['a single file by another name', changed({ kind: 'file', files: [file('x')], emptyFolders: [] }), 'malformed'],
    ['a newer version', changed({ version: 2 as 1 }), 'version'],
    ['too many chunks', changed({ chunkBytes: 1000 }), 'tooManyChunks'],
    ['a name with a folder', changed({ name: '../photos' }), 'nameUnsafe'],
    ['a path that climbs out', changed({ files: [file('../.ssh/authorized_keys')] }), 'nameUnsafe'],
    ['a path given twice', changed({ files: [file('a'), file('a')] }), 'nameUnsafe'],
    ['paths out of order', changed({ files: [file('b'), file('a')] }), 'nameUnsafe'],
    ['a file used as a folder', changed({ files: [file('a'), file('a/b')] }), 'nameUnsafe'],
    ['more bytes than it may have', new Uint8Array(manifestBytesMax + 1), 'tooLarge'],
    [
      'more files than bytes',
      new CanonicalWriter().array(8).uint(1).boolean(true).text('a').text('blake3').uint(1).array(400_000).finish(),
      'malformed',
    ],
  ])('%s is refused', (_, bytes, reason) => {
    expect(decodeManifest(bytes)).toMatchObject({ ok: false, reason });
  });

  test('shows a hostile name escaped', () => {
    const answer = decodeManifest(changed({ files: [file('a\u001b[31m/../x')] }));
    expect(answer).toMatchObject({
      reason: 'nameUnsafe',
      detail: expect.stringContaining(String.raw`"a\u001b[31m/../x"`),
    });
  });

  test('of very many files is read', () => {
    const files = Array.from({ length: 30_000 }, (_, n) =>
      file(`folder-${String(n % 100).padStart(3, '0')}/file-${n}`),
    );
    files.sort((a, b) => comparePaths(a.path, b.path));
    const bytes = encodeManifest({ ...base, files });
    expect(decodeManifest(bytes)).toMatchObject({ ok: true, value: { name: 'photos' } });
  });
});
