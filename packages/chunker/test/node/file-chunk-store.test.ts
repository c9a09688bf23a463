import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixedChunks } from '../../src/chunking.ts';
import { chunksOfFiles } from '../../src/file-choice.ts';
import { pureHashes } from '../../src/hash.ts';
import { makeDocument, type ManifestDocument } from '../../src/manifest-document.ts';
import { createManifest } from '../../src/node/create-manifest.ts';
import { openFileStore } from '../../src/node/file-chunk-store.ts';
import { loadHashes } from '../../src/node/hashes.ts';
import { chunkStoreCases, type SampleSet, sampleSet } from '../../src/testing/index.ts';
import { temporaryFolder } from './temporary.ts';

const newStore = (document: ManifestDocument) =>
  openFileStore({ document, destination: join(temporaryFolder(), 'copy') });

async function writeAll(set: SampleSet, destination: string): Promise<void> {
  const store = await openFileStore({ document: set.document, destination });
  for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
  await store.finish();
  await store.close();
}

/** A store with some chunks written, closed again: what an interrupted download leaves. */
async function interrupted(set: SampleSet, destination: string, chunks: readonly number[]): Promise<void> {
  const store = await openFileStore({ document: set.document, destination });
  for (const chunk of chunks) await store.writeChunk(chunk, set.chunks[chunk]!);
  await store.close();
}

/** A sample set whose files have these paths. */
function folderSet(
  paths: readonly string[],
  sizes: readonly number[],
  chunkBytes: number,
  emptyFolders: readonly string[],
) {
  const set = sampleSet(sizes, chunkBytes);
  const { manifest, digests } = set.document;
  const files = manifest.files.map((file, index) => ({ ...file, path: paths[index]! }));
  const made = makeDocument({ ...manifest, files, emptyFolders: [...emptyFolders] }, { digests }, pureHashes);
  if (!made.ok) throw new Error(made.detail);
  return { ...set, document: made.value };
}

const partialOf = (destination: string): string => join(destination, '..', `.${basename(destination)}.shoal-partial`);

describe('file chunk store', () => {
  test.each(chunkStoreCases)('$name', async ({ run }) => {
    const running = run({
      empty: newStore,
      async full({ document, chunks }) {
        const store = await newStore(document);
        for (const [chunk, bytes] of chunks.entries()) await store.writeChunk(chunk, bytes);
        await store.finish();
        return store;
      },
    });
    await expect(running).resolves.toBeUndefined();
  });

  test('makes only the files chosen, without what their chunks brought of others', async () => {
    const sizes = [70_000, 5, 40_000, 0, 100_000];
    const set = folderSet(['a/1', 'a/2', 'b/c/3', 'b/none', 'd/4'], sizes, 30_000, ['e/empty', 'f/empty']);
    const folder = temporaryFolder();
    const destination = join(folder, 'copy');
    const chosen = new Set(['a/2', 'b/none', 'b/c/3', 'f/empty']);
    const only = (path: string): boolean => chosen.has(path);
    const store = await openFileStore({ document: set.document, destination, only });
    const needed = [...chunksOfFiles(set.document, only).ones()];
    expect(needed).toEqual([2, 3]);
    for (const chunk of [...needed, 6]) await store.writeChunk(chunk, set.chunks[chunk]!);
    await store.finish({ only });
    expect([...store.held.ones()]).toEqual([]);
    await store.close();
    expect(readdirSync(folder)).toEqual(['copy']);
    const paths = readdirSync(destination, { recursive: true, encoding: 'utf8' });
    expect(paths.map((path) => path.replaceAll('\\', '/')).toSorted()).toEqual([
      'a',
      'a/2',
      'b',
      'b/c',
      'b/c/3',
      'b/none',
      'f',
      'f/empty',
    ]);
    expect(readFileSync(join(destination, 'a/2')).equals(set.files[1]!)).toBe(true);
    expect(readFileSync(join(destination, 'b/c/3')).equals(set.files[2]!)).toBe(true);
    const whole = await openFileStore({ document: set.document, destination, update: true });
    expect([...whole.held.ones()]).toEqual([]); // its chunks were those of the border
    await whole.discard();
  });

  test('writes the files as they were, and leaves nothing else', async () => {
    const set = sampleSet([0, 70_000, 5, 40_000, 100_000], 30_000);
    const folder = temporaryFolder();
    await writeAll(set, join(folder, 'copy'));
    expect(readdirSync(folder)).toEqual(['copy']);
    for (const [index, { path, executable }] of set.document.manifest.files.entries()) {
      const file = join(folder, 'copy', path);
      expect(readFileSync(file).equals(set.files[index]!)).toBe(true);
      expect((statSync(file).mode & 0o100) !== 0).toBe(executable && process.platform !== 'win32');
    }
  });

  test('a single file becomes a file, whatever the destination is called', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'one'), 'hello shoal');
    const { document } = await createManifest(join(folder, 'one'));
    const store = await openFileStore({ document, destination: join(folder, 'two') });
    for (let chunk = 0; chunk < store.chunkCount; chunk += 1) {
      const start = document.layout.chunkStart(chunk);
      await store.writeChunk(
        chunk,
        Buffer.from('hello shoal').subarray(start, start + document.layout.sizeOfChunk(chunk)),
      );
    }
    await store.finish();
    await store.close();
    expect(readFileSync(join(folder, 'two'), 'utf8')).toBe('hello shoal');
  });

  test('nothing has the final name before all is there', async () => {
    const set = sampleSet([1500]);
    const destination = join(temporaryFolder(), 'copy');
    const store = await openFileStore({ document: set.document, destination });
    await store.writeChunk(0, set.chunks[0]!);
    await expect(store.finish()).rejects.toMatchObject({ code: 'unfinished' });
    expect(existsSync(destination)).toBe(false);
    await store.writeChunk(1, set.chunks[1]!);
    expect(existsSync(destination)).toBe(false);
    await store.finish();
    expect(existsSync(destination)).toBe(true);
    await store.close();
  });

  test('chunks are served while it is finished', async () => {
    const set = sampleSet([400_000], 40_000);
    const store = await newStore(set.document);
    for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
    const finishing = store.finish();
    const reading = Array.from({ length: 50 }, (_, n) => store.readChunk(n % 10));
    for (const [n, bytes] of (await Promise.all(reading)).entries()) expect(bytes).toEqual(set.chunks[n % 10]);
    await finishing;
    expect(store.held.isFull).toBe(true);
    await store.close();
  });

  test('goes on where it was', async () => {
    const set = sampleSet([2500, 3, 4000]);
    const destination = join(temporaryFolder(), 'copy');
    await interrupted(set, destination, [1, 2, 5]);
    const store = await openFileStore({ document: set.document, destination });
    expect([...store.held.ones()]).toEqual([1, 2, 5]);
    expect(await store.readChunk(2)).toEqual(set.chunks[2]);
    await store.close();
  });

  test('stops verifying when it is told to, and loses nothing', async () => {
    const set = sampleSet([2500]);
    const destination = join(temporaryFolder(), 'copy');
    await interrupted(set, destination, [0, 1]);
    const options = { document: set.document, destination };
    const stopped = { ...options, signal: AbortSignal.abort() };
    await expect(openFileStore(stopped)).rejects.toMatchObject({ code: 'aborted' });
    await expect(openFileStore({ ...stopped, check: 'full' })).rejects.toMatchObject({ code: 'aborted' });
    const store = await openFileStore(options);
    expect(store.held.count).toBe(2);
    await store.close();
  });

  test('starts anew when it is told to', async () => {
    const set = sampleSet([2500]);
    const destination = join(temporaryFolder(), 'copy');
    await interrupted(set, destination, [0, 1]);
    const store = await openFileStore({ document: set.document, destination, resume: false });
    expect(store.held.count).toBe(0);
    await store.close();
  });

  test.each([
    ['content changed', (partial: string) => writeFileSync(join(partial, 'content', '0000'), Buffer.alloc(2500)), [2]],
    ['a file too long', (partial: string) => truncateSync(join(partial, 'content', '0000'), 9000), [2]],
    ['content gone', (partial: string) => truncateSync(join(partial, 'content', '0001'), 0), [0, 1]],
    ['a map too short', (partial: string) => truncateSync(join(partial, 'have'), 0), [0, 1, 2]],
    ['a map of ones', (partial: string) => writeFileSync(join(partial, 'have'), Buffer.of(255, 255)), [0, 1, 2]],
    [
      'a map of more than is there',
      (partial: string) => writeFileSync(join(partial, 'have'), Buffer.of(0xfc)),
      [0, 1, 2],
    ],
  ])('believes only what verifies: %s', async (_, spoil, held) => {
    const set = sampleSet([2000, 4000]);
    const destination = join(temporaryFolder(), 'copy');
    await interrupted(set, destination, [0, 1, 2]);
    spoil(partialOf(destination));
    const store = await openFileStore({ document: set.document, destination });
    expect([...store.held.ones()]).toEqual(held);
    for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
    await store.finish();
    await store.close();
    for (const [index, bytes] of set.files.entries())
      expect(readFileSync(join(destination, `000${index}`)).equals(bytes)).toBe(true);
  });

  test('a chunk spoilt by somebody else is told, no longer held, and can be had again', async () => {
    const set = sampleSet([200_000], 50_000);
    const destination = join(temporaryFolder(), 'copy');
    const store = await openFileStore({ document: set.document, destination });
    await store.writeChunk(1, set.chunks[1]!);
    writeFileSync(join(partialOf(destination), 'content', '0000'), Buffer.alloc(200_000));
    await expect(store.readChunk(1)).rejects.toMatchObject({ code: 'storeDamaged' });
    expect(store.held.has(1)).toBe(false);
    expect(await store.writeChunk(1, set.chunks[1]!)).toBe('stored');
    expect(await store.readChunk(1)).toEqual(set.chunks[1]);
    await store.close();
  });

  test.each(['file', 'folder', 'broken link'])('a %s at the destination is left alone', async (kind) => {
    const destination = join(temporaryFolder(), 'copy');
    if (kind === 'file') writeFileSync(destination, 'mine');
    if (kind === 'folder') mkdirSync(destination);
    if (kind === 'broken link') symlinkSync('nowhere', destination);
    const before = readdirSync(join(destination, '..'));
    await expect(openFileStore({ document: sampleSet([5]).document, destination })).rejects.toMatchObject({
      code: 'exists',
    });
    expect(readdirSync(join(destination, '..'))).toEqual(before);
  });

  test('what appears at the destination meanwhile is not replaced', async () => {
    const set = sampleSet([1000]);
    const destination = join(temporaryFolder(), 'copy');
    const store = await openFileStore({ document: set.document, destination });
    await store.writeChunk(0, set.chunks[0]!);
    writeFileSync(destination, 'mine');
    await expect(store.finish()).rejects.toMatchObject({ code: 'exists' });
    expect(readFileSync(destination, 'utf8')).toBe('mine');
    expect(await store.readChunk(0)).toEqual(set.chunks[0]);
    await store.close();
  });

  test('an unfinished download of something else is neither mixed in nor lost', async () => {
    const [one, other] = [sampleSet([2500]), sampleSet([2600])];
    const destination = join(temporaryFolder(), 'copy');
    await interrupted(one, destination, [0]);
    for (const resume of [true, false])
      await expect(openFileStore({ document: other.document, destination, resume })).rejects.toMatchObject({
        code: 'exists',
      });
    const store = await openFileStore({ document: one.document, destination });
    expect(store.held.count).toBe(1);
    await store.close();
  });

  test('two stores do not write the same download', async () => {
    const { document } = sampleSet([1500]);
    const destination = join(temporaryFolder(), 'copy');
    const store = await openFileStore({ document, destination });
    await expect(openFileStore({ document, destination })).rejects.toMatchObject({ code: 'storeBusy' });
    await store.close();
    await (await openFileStore({ document, destination })).close();
  });

  test('a download closed before anything came leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const store = await openFileStore({ document: sampleSet([1500]).document, destination: join(folder, 'copy') });
    expect(readdirSync(folder)).toEqual(['.copy.shoal-partial']);
    await store.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('closing waits for what is under way', async () => {
    const set = sampleSet([400_000], 40_000);
    const destination = join(temporaryFolder(), 'copy');
    const store = await openFileStore({ document: set.document, destination });
    const writing = set.chunks.map((bytes, chunk) => store.writeChunk(chunk, bytes));
    await store.close();
    expect(await Promise.all(writing)).toEqual(set.chunks.map(() => 'stored'));
    const again = await openFileStore({ document: set.document, destination });
    expect(again.held.isFull).toBe(true);
    await again.close();
  });

  test('a folder that is not there is named', async () => {
    const { document } = sampleSet([5]);
    const destination = join(temporaryFolder(), 'no', 'copy');
    await expect(openFileStore({ document, destination })).rejects.toMatchObject({ code: 'notFound' });
  });

  test('more than the disk has room for is told at once, and nothing is left behind', async ({ skip }) => {
    const folder = temporaryFolder();
    const { bavail, bsize } = statfsSync(folder);
    const chunkBytes = 4_194_304;
    const chunkCount = Math.ceil((bavail * bsize) / chunkBytes) + 1000;
    skip(chunkCount > 100_000, 'there is too much room here');
    const chunking = fixedChunks(chunkBytes);
    const files = [{ path: 'huge', bytes: chunkCount * chunkBytes, executable: false }];
    const contents = { kind: 'file', name: 'huge', hash: 'blake3', chunking, files, emptyFolders: [] } as const;
    const made = makeDocument(contents, { digests: new Uint8Array(chunkCount * 32) }, await loadHashes());
    const { value: document } = made as typeof made & { ok: true };
    const opening = openFileStore({ document, destination: join(folder, 'copy') });
    await expect(opening).rejects.toMatchObject({ code: 'diskFull' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('keeps few files open, however many there are', async () => {
    const set = sampleSet(
      Array.from({ length: 300 }, () => 40_000),
      50_000,
    );
    const store = await newStore(set.document);
    const before = readdirSync('/proc/self/fd').length;
    for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
    await Promise.all(set.chunks.map((_, chunk) => store.readChunk(chunk)));
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(100);
    await store.finish();
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(5);
    await store.close();
  });

  test('makes empty files and folders', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'set', 'a', 'b'), { recursive: true });
    writeFileSync(join(folder, 'set', 'c'), '');
    const { document } = await createManifest(join(folder, 'set'));
    const store = await openFileStore({ document, destination: join(folder, 'copy') });
    await store.finish();
    await store.close();
    expect(readdirSync(join(folder, 'copy'), { recursive: true })).toHaveLength(3);
    expect(statSync(join(folder, 'copy', 'c')).size).toBe(0);
    expect(readdirSync(join(folder, 'copy', 'a'))).toEqual(['b']);
  });
});
