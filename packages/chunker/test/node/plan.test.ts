import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ManifestDocument } from '../../src/manifest-document.ts';
import { createManifest, type CreateManifestOptions } from '../../src/node/create-manifest.ts';
import { type FileChunkStore, openFileStore } from '../../src/node/file-chunk-store.ts';
import { plan } from '../../src/node/plan.ts';
import { openSeedStore } from '../../src/node/seed-store.ts';
import { noiseBytes } from '../content-defined/some-bytes.ts';
import { temporaryFolder } from './temporary.ts';

const chunkings = ['fixed', 'contentDefined'] as const;

interface Versions {
  readonly folder: string;
  readonly older: string;
  readonly newer: string;
  readonly document: ManifestDocument;
}

/** Two versions of a folder: the newer one is the older one after `change`. */
async function versions(
  change: (root: string) => void,
  options: CreateManifestOptions,
  sizes: readonly number[] = [700_000, 300_000, 2000, 0, 500_001],
): Promise<Versions> {
  const folder = temporaryFolder();
  const [older, newer] = [join(folder, 'set'), join(folder, 'newer')];
  mkdirSync(join(older, 'sub'), { recursive: true });
  for (const [n, size] of sizes.entries())
    writeFileSync(join(older, n % 2 === 0 ? `f${n}` : `sub/f${n}`), noiseBytes(size, n + 1));
  cpSync(older, newer, { recursive: true });
  change(newer);
  return { folder, older, newer, document: (await createManifest(newer, options)).document };
}

/** Fetches what is missing from the newer version; answers how many bytes that was. */
async function fetchRest(store: FileChunkStore, { newer, document }: Versions): Promise<number> {
  const from = await openSeedStore(newer, document);
  let bytes = 0;
  for (let chunk = 0; chunk < store.chunkCount; chunk += 1) {
    if (store.held.has(chunk)) continue;
    const body = await from.readChunk(chunk);
    expect(await store.writeChunk(chunk, body)).toBe('stored');
    bytes += body.length;
  }
  await from.close();
  return bytes;
}

const contentOf = (root: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(root.length), readFileSync(path, 'base64')]),
  );

function tidy(root: string): void {
  renameSync(join(root, 'f0'), join(root, 'sub', 'z'));
  writeFileSync(join(root, 'a-first'), noiseBytes(77_777, 99));
  writeFileSync(join(root, 'f4'), 'more', { flag: 'a' });
  rmSync(join(root, 'f2'));
}

describe.each(chunkings)('a plan of %s chunks', (chunking) => {
  const options = { chunking, chunkBytes: 16_384 };

  test('finds everything in what is the same already', async () => {
    const { older, document } = await versions(() => undefined, options);
    const { ranges, missingBytes } = await plan(older, document);
    expect(missingBytes).toBe(0);
    expect(ranges).toHaveLength(1);
    expect(ranges[0]!.from.map(({ diskPath, bytes }) => [diskPath, bytes])).toEqual([
      [join(older, 'f0'), 700_000],
      [join(older, 'f2'), 2000],
      [join(older, 'f4'), 500_001],
      [join(older, 'sub/f1'), 300_000],
    ]);
  });

  test('finds files that moved, and what was before an edit, and says truly where', async () => {
    const { older, newer, document } = await versions(tidy, options);
    const { ranges, hereBytes, missingBytes } = await plan(older, document);
    expect(hereBytes + missingBytes).toBe(document.layout.totalBytes);
    expect(missingBytes).toBeLessThan(77_777 + 6 * 49_152);
    const content = Buffer.concat(document.manifest.files.map(({ path }) => readFileSync(join(newer, path))));
    for (const { start, bytes, from } of ranges) {
      const read = from.map(({ diskPath, offset, bytes }) => readFileSync(diskPath).subarray(offset, offset + bytes));
      expect(Buffer.concat(read).equals(content.subarray(start, start + bytes))).toBe(true);
    }
  });

  test('is the same on two threads', async () => {
    const { older, document } = await versions((root) => rmSync(join(root, 'f2')), options);
    expect(await plan(older, document, { threads: 2 })).toEqual(await plan(older, document, { threads: 1 }));
  });

  test('finds a file under another name, and nothing in strangers', async () => {
    const { folder, document } = await versions(() => undefined, options);
    const { document: file } = await createManifest(join(folder, 'newer', 'f0'), options);
    cpSync(join(folder, 'newer', 'f0'), join(folder, 'old name'));
    expect(await plan(join(folder, 'old name'), file)).toMatchObject({ missingBytes: 0 });
    mkdirSync(join(folder, 'strange'));
    writeFileSync(join(folder, 'strange', 'f0'), noiseBytes(700_000, 1234));
    expect(await plan(join(folder, 'strange'), document)).toMatchObject({ ranges: [], hereBytes: 0 });
    await expect(plan(join(folder, 'none'), document)).rejects.toMatchObject({ code: 'notFound' });
  });
});

function insertByte(root: string): void {
  const bytes = readFileSync(join(root, 'f0'));
  writeFileSync(join(root, 'f0'), Buffer.concat([Buffer.of(1), bytes]));
}

test('a plan of content-defined chunks finds what an insertion moved', async () => {
  const { older, document } = await versions(insertByte, { chunking: 'contentDefined', chunkBytes: 16_384 });
  expect((await plan(older, document)).missingBytes).toBeLessThan(3 * 49_152);
});

function edit(root: string): void {
  writeFileSync(join(root, 'f4'), 'more', { flag: 'a' });
  writeFileSync(join(root, 'new'), noiseBytes(20_000, 98));
  rmSync(join(root, 'f2'));
}

describe.each(chunkings)('a store of %s chunks over an older version', (chunking) => {
  const options = { chunking, chunkBytes: 16_384 };
  test('fetches only what changed, and then takes its place', async () => {
    const set = await versions(edit, options);
    const { folder, older: destination, newer, document } = set;
    const before = contentOf(destination);
    const store = await openFileStore({ document, destination, update: true });
    expect(contentOf(destination)).toEqual(before);
    expect(await fetchRest(store, set)).toBeLessThan(300_000);
    expect(contentOf(destination)).toEqual(before);
    await store.finish();
    await store.close();
    expect(contentOf(destination)).toEqual(contentOf(newer));
    expect(readdirSync(folder).toSorted()).toEqual(['newer', 'set']);
  });

  test('stopped while it looks or fetches, loses nothing and goes on', async () => {
    const set = await versions(edit, options);
    const { older: destination, newer, document } = set;
    const before = contentOf(destination);
    const open = (signal?: AbortSignal) =>
      openFileStore({ document, destination, update: true, ...(signal && { signal }) });
    await expect(open(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    const first = await open();
    const had = first.held.count;
    await first.close();
    expect(contentOf(destination)).toEqual(before);
    // What is held by now does not need the older version any more.
    rmSync(join(destination, 'f0'));
    const second = await open();
    expect(second.held.count).toBe(had);
    await fetchRest(second, set);
    await second.finish();
    await second.close();
    expect(contentOf(destination)).toEqual(contentOf(newer));
  });

  test('killed between the two renames, puts the older version back and goes on', async () => {
    const set = await versions(edit, options);
    const { folder, older: destination, newer, document } = set;
    const before = contentOf(destination);
    const store = await openFileStore({ document, destination, update: true });
    await fetchRest(store, set);
    await store.close();
    renameSync(destination, join(folder, '.set.shoal-partial', 'older'));
    await expect(openFileStore({ document, destination })).rejects.toMatchObject({ code: 'exists' });
    expect(contentOf(destination)).toEqual(before);
    renameSync(destination, join(folder, '.set.shoal-partial', 'older'));
    const again = await openFileStore({ document, destination, update: true });
    expect(again.held.isFull).toBe(true);
    await again.finish();
    await again.close();
    expect(contentOf(destination)).toEqual(contentOf(newer));
    expect(readdirSync(folder).toSorted()).toEqual(['newer', 'set']);
  });

  test('of a file takes the place of that file, and where nothing is it simply begins', async () => {
    const set = await versions(edit, options);
    const { folder } = set;
    const { document } = await createManifest(join(set.newer, 'f4'), options);
    for (const name of ['set/f4', 'nothing']) {
      const destination = join(folder, name);
      const there = existsSync(destination);
      const store = await openFileStore({ document, destination, update: true });
      const fetched = await fetchRest(store, { ...set, newer: join(set.newer, 'f4'), document });
      expect(fetched < 100_000).toBe(there);
      await store.finish();
      await store.close();
      expect(readFileSync(destination).equals(readFileSync(join(set.newer, 'f4')))).toBe(true);
    }
  });
});
