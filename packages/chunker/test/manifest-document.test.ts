import { decode, decodeMulti } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedChunks } from '../src/chunking.ts';
import { type HashName, pureHashes } from '../src/hash.ts';
import type { Manifest } from '../src/manifest.ts';
import {
  chunkVerifies,
  decodeDocument,
  documentBytesMax,
  encodeDocument,
  makeDocument,
  type ManifestDocument,
} from '../src/manifest-document.ts';
import { comparePaths } from '../src/path-set.ts';
import { parseSwarmId } from '../src/swarm-id.ts';
import { sampleSet } from '../src/testing/index.ts';

const { document, chunks } = sampleSet([1500, 2500, 0, 3]);
const uneven = sampleSet([1500, 2500, 0, 3], [700, 1, 2300, 999, 3]).document;
const hashes = pureHashes;
const expected = document.swarmId;

const segment = fc.stringMatching(/^[a-zé東😀]{1,6}$/u).filter((name) => !/^(con|prn|aux|nul)$/.test(name));
const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    name: segment,
    hash: fc.constantFrom<HashName>('blake3', 'sha256'),
    // Files and folders in different places, so that none is in the way of another.
    paths: fc.uniqueArray(segment, { maxLength: 20 }),
    folders: fc.uniqueArray(segment, { maxLength: 5 }),
    bytes: fc.nat(500),
  })
  .map(({ paths, folders, bytes, name, hash }) => ({
    name,
    hash,
    kind: 'folder',
    chunking: fixedChunks(1000),
    files: paths
      .sort(comparePaths)
      .map((path, index) => ({ path: `m/${path}`, bytes: bytes + index, executable: index % 2 === 0 })),
    emptyFolders: folders.flatMap((path) => [`a/${path}`, `z/${path}`]).sort(comparePaths),
  }));

const file = (path: string, bytes = 0) => ({ path, bytes, executable: false });
const contents: Manifest = { ...document.manifest, files: [file('a')], emptyFolders: [] };
const noChunks = { digests: new Uint8Array(0) };

/** The bytes of a set that holds no content, whatever else it lists. */
function bytesOf(change: Partial<Manifest>): Uint8Array {
  const made = makeDocument({ ...contents, files: [], ...change }, noChunks, hashes);
  if (made.ok) return encodeDocument(made.value);
  throw new Error(made.detail);
}

/** As a hostile owner would write it: `makeDocument` refuses to. */
function forged(change: Partial<Manifest>): Uint8Array {
  const plain = bytesOf({ files: Array.from({ length: change.files?.length ?? 0 }, (_, n) => file(`x${n}`)) });
  const headerEnd = 2 + plain[0]! * 256 + plain[1]!;
  const list = (change.files ?? []).map(({ path }) =>
    Uint8Array.of(0x93, 0xa0 | path.length, ...Buffer.from(path), 0, 0),
  );
  return new Uint8Array(Buffer.concat([plain.subarray(0, headerEnd), ...list]));
}

describe('manifest document', () => {
  test.each<[string, ManifestDocument]>([
    ['one size', document],
    ['their own sizes', uneven],
  ])('with chunks of %s goes through bytes unchanged', (_, whole) => {
    const answer = decodeDocument(encodeDocument(whole), { expected: whole.swarmId, hashes });
    const { value } = answer as typeof answer & { ok: true };
    expect(value.manifest).toEqual(whole.manifest);
    expect(value.layout).toEqual(whole.layout);
    expect(value.header).toEqual(whole.header);
    expect(value.digests).toEqual(whole.digests);
    expect(encodeDocument(value)).toEqual(encodeDocument(whole));
  });

  test('of any files and folders is what it was after reading', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const totalBytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
        const made = makeDocument(manifest, { digests: new Uint8Array(32 * Math.ceil(totalBytes / 1000)) }, hashes);
        const { value } = made as typeof made & { ok: true };
        const read = decodeDocument(encodeDocument(value), { expected: value.swarmId, hashes });
        expect(read).toMatchObject({ ok: true, value: { manifest } });
      }),
    );
  });

  test.each<[string, ManifestDocument]>([
    ['one size', document],
    ['their own sizes', uneven],
  ])('with chunks of %s: no change of any byte is accepted', (_, whole) => {
    const right = encodeDocument(whole);
    fc.assert(
      fc.property(fc.nat(right.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = right.slice();
        bytes[at]! ^= flip;
        expect(decodeDocument(bytes, { expected: whole.swarmId, hashes }).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('without a swarm to expect it still has to agree with itself', () => {
    const bytes = encodeDocument(document);
    expect(decodeDocument(bytes, { hashes })).toMatchObject({ ok: true });
    bytes[bytes.length - 1]! ^= 1;
    expect(decodeDocument(bytes, { hashes })).toMatchObject({ ok: false, reason: 'mismatch' });
  });

  test('arbitrary and cut-off bytes never throw', () => {
    const whole = encodeDocument(uneven);
    const cut = fc.nat(whole.length - 1).map((end) => whole.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), cut), (bytes) => {
        expect(decodeDocument(bytes, { hashes }).ok).toBe(false);
      }),
    );
  });

  test('of another swarm is told as such', () => {
    const other = encodeDocument(sampleSet([1501]).document);
    expect(decodeDocument(other, { expected, hashes })).toMatchObject({ reason: 'mismatch' });
    expect(decodeDocument(new Uint8Array(documentBytesMax + 1), { expected, hashes })).toMatchObject({
      reason: 'tooLarge',
    });
  });

  test('can be read by any msgpack library', () => {
    const bytes = bytesOf({ files: [file('b/run')], emptyFolders: ['a', 'c'] });
    const headerEnd = 2 + bytes[0]! * 256 + bytes[1]!;
    expect(decode(bytes.subarray(2, headerEnd))).toHaveLength(10);
    expect([...decodeMulti(bytes.subarray(headerEnd))]).toEqual([
      ['a', 0, 2],
      ['b/run', 0, 0],
      ['c', 0, 2],
    ]);
  });

  test.each<[string, Partial<Manifest>]>([
    ['a name with a folder', { name: '../photos' }],
    ['a path that climbs out', { files: [file('../.ssh/authorized_keys')] }],
    ['a path given twice', { files: [file('a'), file('a')] }],
    ['paths out of order', { files: [file('b'), file('a')] }],
    ['a file used as a folder', { files: [file('a'), file('a/b')] }],
    ['a file in an empty folder', { files: [file('a/b')], emptyFolders: ['a'] }],
    ['a file that is a folder', { files: [file('a')], emptyFolders: ['a'] }],
  ])('%s is refused', (_, change) => {
    expect(makeDocument({ ...contents, ...change }, noChunks, hashes)).toMatchObject({ reason: 'nameUnsafe' });
  });

  test.each([
    ['a set of a single file by another name', [file('x')], []],
    ['a set of a single file that is a folder', [], ['a']],
  ])('%s is refused', (_, files, emptyFolders) => {
    const single = { ...contents, kind: 'file', name: 'a', files, emptyFolders } as const;
    expect(makeDocument(single, noChunks, hashes)).toMatchObject({ reason: 'malformed' });
  });

  test('shows a hostile name escaped', () => {
    const answer = decodeDocument(forged({ files: [file('a\u001b[31m/../x')] }), { hashes });
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
    expect(decodeDocument(bytesOf({ files }), { hashes })).toMatchObject({ ok: true, value: { manifest: { files } } });
  });

  test('a chunk verifies as itself and as nothing else', () => {
    expect(chunks.map((bytes, chunk) => chunkVerifies(document, chunk, bytes, hashes))).toEqual(chunks.map(() => true));
    expect(chunkVerifies(document, 1, chunks[0]!, hashes)).toBe(false);
    expect(chunkVerifies(document, 0, chunks[0]!.subarray(1), hashes)).toBe(false);
  });

  test('works with SHA-256, whose swarm is another', () => {
    const digests = new Uint8Array(Buffer.concat(chunks.map((bytes) => hashes.sha256.digest(bytes))));
    const made = makeDocument({ ...document.manifest, hash: 'sha256' }, { digests }, hashes);
    const { value } = made as typeof made & { ok: true };
    expect(value.swarmId).not.toBe(expected);
    expect(decodeDocument(encodeDocument(value), { expected: value.swarmId, hashes }).ok).toBe(true);
    expect(chunkVerifies(value, 2, chunks[2]!, hashes)).toBe(true);
  });

  test('a swarm identity is 64 lower-case digits', () => {
    expect(parseSwarmId(expected)).toBe(expected);
    for (const text of ['', expected.toUpperCase(), expected.slice(1), `${expected}0`, `${expected}\n`])
      expect(parseSwarmId(text)).toBeUndefined();
  });
});
