// Every edge of content that must come through exactly, one line each: what is there, and what is to be of it.
// `npm test -- packages/chunker/test/node/edges` prints the list as run.

import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestAt } from '../../src/chunk-table.ts';
import { decodeDocument, encodeDocument, type ManifestDocument } from '../../src/manifest-document.ts';
import {
  createManifest,
  type CreateManifestOptions,
  loadHashes,
  openFileStore,
  openSeedStore,
} from '../../src/node/index.ts';
import { proveRange, verifyRange } from '../../src/range-proof.ts';
import { temporaryFolder } from './temporary.ts';

const hashes = await loadHashes();
const isPosix = process.platform !== 'win32';

const someBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 13 + (index >> 7) + (index >> 15)) & 255);

function fileOf(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, bytes);
  return path;
}

/** Makes the manifest as a stranger gets it, and a copy by its chunks; the copy must have the same manifest. */
async function passOn(
  path: string,
  options: CreateManifestOptions = {},
): Promise<{ document: ManifestDocument; copy: string }> {
  const { document: ours } = await createManifest(path, options);
  const read = decodeDocument(encodeDocument(ours), { expected: ours.swarmId, hashes });
  const { value: document } = read as typeof read & { ok: true };
  const copy = join(temporaryFolder(), document.manifest.name);
  const [from, to] = [await openSeedStore(path, document), await openFileStore({ document, destination: copy })];
  for (let chunk = from.chunkCount - 1; chunk >= 0; chunk -= 1)
    expect(await to.writeChunk(chunk, await from.readChunk(chunk))).toBe('stored');
  await to.finish();
  await Promise.all([from.close(), to.close()]);
  const again = await createManifest(copy, options);
  expect(again.document.swarmId).toBe(document.swarmId);
  return { document, copy };
}

/** Checks every chunk, and the ranges across every cut, against the bytes themselves. */
function checkChunks(document: ManifestDocument, bytes: Uint8Array): void {
  const { layout, digests, manifest, swarmId } = document;
  const chunks = Array.from({ length: layout.chunkCount }, (_, chunk) => {
    const start = layout.chunkStart(chunk);
    return bytes.subarray(start, start + layout.sizeOfChunk(chunk));
  });
  expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(bytes.length);
  for (const [chunk, content] of chunks.entries())
    expect(digestAt(digests, chunk)).toEqual(hashes[manifest.hash].digest(content));
  const { path } = manifest.files[0]!;
  for (const chunk of chunks.keys()) {
    const cut = layout.chunkStart(chunk);
    const range = { path, start: Math.max(0, cut - 1), end: Math.min(bytes.length, cut + 1) };
    const span = layout.chunksOfFileRange(0, range.start, range.end);
    const proof = proveRange(document, range);
    const question = { swarmId, range, proof, chunks: chunks.slice(span.first, span.end), hashes };
    expect(verifyRange(question)).toEqual({ ok: true, value: bytes.slice(range.start, range.end) });
  }
}

const around = (size: number): number[] => [size - 1, size, size + 1];

describe('sizes', () => {
  const sizes = [
    ...around(1),
    ...around(5),
    ...around(10),
    ...around(102_400),
    ...around(4 * 102_400), // from here on chunks have the size they were asked to have
    ...[5, 6].flatMap((chunks) => around(chunks * 102_400)),
  ];

  test.each(sizes)('%i bytes in chunks of 100 KiB at most', async (size) => {
    const bytes = someBytes(size);
    const { document, copy } = await passOn(fileOf(bytes));
    expect(document.layout.chunkCount).toBeGreaterThanOrEqual(Math.min(5, size));
    expect(document.layout.totalBytes).toBe(size);
    checkChunks(document, bytes);
    expect(new Uint8Array(readFileSync(copy))).toEqual(bytes);
  });

  test.each([0, 1, 4, 5, 6, 7679, 7680, 7681, ...around(102_400), 500_000])(
    '%i bytes, cut where they say so',
    async (size) => {
      const bytes = someBytes(size);
      const { document, copy } = await passOn(fileOf(bytes), { chunking: 'contentDefined' });
      expect(document.layout.chunkCount).toBeGreaterThanOrEqual(Math.min(5, size));
      checkChunks(document, bytes);
      expect(new Uint8Array(readFileSync(copy))).toEqual(bytes);
    },
  );

  test.each([1, 2, 3, 7, 8].flatMap((chunks) => around(chunks * 1000)))('%i bytes in chunks of 1,000', async (size) => {
    const bytes = someBytes(size);
    const { document } = await passOn(fileOf(bytes), { chunkBytes: 1000, hash: 'sha256' });
    expect(document.layout.chunkCount).toBe(
      size > 4000 ? Math.ceil(size / 1000) : Math.ceil(size / Math.floor(size / 5)),
    );
    checkChunks(document, bytes);
  });

  test.each([
    ['where chunks double', 1024 * 102_400 + 1, 204_800],
    ['4 GiB and a byte', 2 ** 32 + 1, 409_600],
  ])('%s: %i bytes, most of them holes', async (_, size, chunkBytes) => {
    const path = fileOf(new Uint8Array(0));
    truncateSync(path, size);
    const fd = openSync(path, 'r+');
    writeSync(fd, someBytes(3), 0, 3, size - 3);
    closeSync(fd);
    const { document } = await createManifest(path);
    const { layout, digests, swarmId } = document;
    const last = layout.chunkCount - 1;
    expect([layout.totalBytes, layout.sizeOfChunk(0)]).toEqual([size, chunkBytes]);
    const hole = hashes.blake3.digest(new Uint8Array(chunkBytes));
    for (const chunk of [0, Math.floor(last / 2)]) expect(digestAt(digests, chunk)).toEqual(hole);
    const store = await openSeedStore(path, document);
    const range = { path: 'file', start: size - 5, end: size };
    const span = layout.chunksOfFileRange(0, range.start, range.end);
    const chunks = [];
    for (let chunk = span.first; chunk < span.end; chunk += 1) chunks.push(await store.readChunk(chunk));
    const answer = verifyRange({ swarmId, range, proof: proveRange(document, range), chunks, hashes });
    expect(answer).toEqual({ ok: true, value: Uint8Array.of(0, 0, ...someBytes(3)) });
    await store.close();
  });
});

/** Everything below a folder: what it is, whether it can be executed, its bytes. */
function look(root: string): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(join(root, path));
    const kind = stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other';
    const text = stats.isFile() ? readFileSync(join(root, path), 'latin1') : '';
    seen[path] = `${kind}${stats.isFile() && (stats.mode & 0o100) !== 0 ? ' executable' : ''} ${text}`;
  }
  return seen;
}

type Entries = Readonly<Record<string, string | { readonly text: string; readonly mode: number } | null>>;

/** A folder of these files; null stands for an empty folder. */
function folderOf(entries: Entries): string {
  const root = join(temporaryFolder(), 'set');
  mkdirSync(root);
  for (const [path, content] of Object.entries(entries)) {
    mkdirSync(join(root, path, content === null ? '' : '..'), { recursive: true });
    if (typeof content === 'string') writeFileSync(join(root, path), content);
    else if (content !== null) writeFileSync(join(root, path), content.text, { mode: content.mode });
  }
  return root;
}

describe('folders', () => {
  test.each<[string, Entries]>([
    ['an empty folder', {}],
    ['an empty file', { empty: '' }],
    ['nothing but empty files', { a: '', 'b/c': '', 'b/d': '' }],
    ['empty folders within folders', { 'a/b/c': null, d: null, 'e/f': 'x', 'e/g': null }],
    ['a file between empty ones', { a: '', b: 'content', c: '' }],
    [
      'a folder beside files whose names begin like its own',
      { 'a-b': '1', 'a/b': '2', 'a.b': '3', ab: '4', 'a b': '5' },
    ],
    ['names in many scripts', { 'Grüße/日本語/Ελλάδα': '1', 'русский.txt': '2', '😀': '3', عربي: '4' }],
    [
      'names that are composed, and others that are not',
      { 'caf\u00e9': '1', 'nin\u0303o': '2', '\u1112\u1161\u11ab': '3' },
    ],
    [
      'names with spaces, quotes and leading dots',
      { ' a ': '1', "it's": '2', '.hidden': '3', '$(x)': '4', '-rf': '5' },
    ],
    ['the longest name there is', { ['x'.repeat(255)]: '1' }],
    ['a very long path', { [Array.from({ length: 12 }, () => 'y'.repeat(200)).join('/')]: '1' }],
    ['names of chunks and stores', { '.git/x': '1', 'a.shoal-partial': '2', content: '3', have: '4' }],
  ])('%s', async (_, entries) => {
    const root = folderOf(entries);
    const { copy } = await passOn(root);
    expect(look(copy)).toEqual(look(root));
  });

  test.skipIf(!isPosix)('executable bits, and no other', async () => {
    const root = folderOf({
      plain: { text: '1', mode: 0o644 },
      run: { text: '2', mode: 0o755 },
      owner: { text: '3', mode: 0o700 },
      empty: { text: '', mode: 0o755 },
      group: { text: '4', mode: 0o610 },
    });
    const { document, copy } = await passOn(root);
    const executable = document.manifest.files.filter((file) => file.executable).map(({ path }) => path);
    expect(executable).toEqual(['empty', 'owner', 'run']);
    expect(look(copy)).toEqual(look(root));
  });

  test.skipIf(!isPosix)(
    'links: one to a file of the folder is that file, all others are left out and listed',
    async () => {
      const root = folderOf({ 'a/file': 'content', 'b/x': 'y' });
      const outside = temporaryFolder();
      writeFileSync(join(outside, 'secret'), 'secret');
      symlinkSync('../a/file', join(root, 'b/inside'));
      symlinkSync('inside', join(root, 'b/inside-twice'));
      symlinkSync(join(outside, 'secret'), join(root, 'outside'));
      symlinkSync('a', join(root, 'folder'));
      symlinkSync('nowhere', join(root, 'broken'));
      symlinkSync('round', join(root, 'round'));
      const { document, copy } = await passOn(root);
      expect(look(copy)).toEqual({
        a: 'folder ',
        'a/file': 'file content',
        b: 'folder ',
        'b/inside': 'file content',
        'b/inside-twice': 'file content',
        'b/x': 'file y',
      });
      expect(document.manifest.files.map(({ path }) => path)).not.toContain('outside');
      const { skipped } = await createManifest(root);
      expect(skipped.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
        'broken linkBroken',
        'folder linkToFolder',
        'outside linkLeadsOutside',
        'round linkBroken',
      ]);
    },
  );

  test('ten thousand files in a hundred folders', async () => {
    const entries: Record<string, string> = {};
    for (let n = 0; n < 10_000; n += 1) entries[`${n % 100}/file ${n}`] = `content of file ${n}\n`.repeat(n % 7);
    const root = folderOf(entries);
    const { document, copy } = await passOn(root);
    expect(document.manifest.files).toHaveLength(10_000);
    expect(look(copy)).toEqual(look(root));
  });
});

describe('content that changes while it is read', () => {
  const bytes = someBytes(2_500_000);
  const changes: [string, (path: string) => void][] = [
    ['shrinks', (path) => truncateSync(path, 10)],
    ['shrinks to nothing', (path) => truncateSync(path, 0)],
    ['grows', (path) => appendFileSync(path, 'more')],
    ['is written to', (path) => writeFileSync(path, bytes.slice().fill(1))],
    ['disappears', (path) => rmSync(path)],
    [
      'is replaced by another of the same size',
      (path) => {
        writeFileSync(`${path}.new`, bytes);
        renameSync(`${path}.new`, path);
      },
    ],
  ];

  const cases = changes.flatMap(([what, change]) => ['first', 'last'].map((victim) => [what, victim, change] as const));

  test.each(cases)('a file that %s (the %s of two) is named, and there is no manifest', async (_, victim, change) => {
    const root = join(temporaryFolder(), 'set');
    mkdirSync(root);
    for (const name of ['first', 'last']) {
      writeFileSync(join(root, name), bytes);
      utimesSync(join(root, name), 1, 1); // some file systems tell no two moments apart that are this near
    }
    let isChanged = false;
    const onProgress = (): void => {
      if (!isChanged) change(join(root, victim));
      isChanged = true;
    };
    await expect(createManifest(root, { onProgress })).rejects.toMatchObject({
      code: 'contentChanged',
      message: expect.stringContaining(`/${victim}"`),
    });
  });
});
