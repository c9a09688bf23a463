import { appendFileSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSeedStore } from '../../src/node/seed-store.ts';
import { chunkStoreCases, type SampleSet, sampleSet } from '../../src/testing/index.ts';
import { temporaryFolder } from './temporary.ts';

function onDisk({ document, files }: SampleSet): string {
  const folder = join(temporaryFolder(), 'sample');
  mkdirSync(folder);
  for (const [index, { path }] of document.manifest.files.entries()) writeFileSync(join(folder, path), files[index]!);
  return folder;
}

describe('seed store', () => {
  test.each(chunkStoreCases)('$name', async ({ run }) => {
    const running = run({ full: (set) => openSeedStore(onDisk(set), set.document) });
    await expect(running).resolves.toBeUndefined();
  });

  test('a file changed behind its back is named, never served, and the rest still is', async () => {
    const set = sampleSet([100_000, 50_000, 50_000], 50_000);
    const folder = onDisk(set);
    const store = await openSeedStore(folder, set.document);
    await store.readChunk(2);
    const changed = set.files[1]!.slice();
    changed[7]! ^= 1;
    writeFileSync(join(folder, '0001'), changed);
    utimesSync(join(folder, '0001'), 1, 1); // even with another time on it
    await expect(store.readChunk(2)).rejects.toMatchObject({
      code: 'contentChanged',
      message: expect.stringContaining('0001'),
    });
    expect(store.held.has(2)).toBe(false);
    await expect(store.readChunk(2)).rejects.toMatchObject({ code: 'notFound' });
    await expect(store.writeChunk(2, set.chunks[2]!)).rejects.toMatchObject({ code: 'refused' });
    await expect(store.finish()).rejects.toMatchObject({ code: 'unfinished' });
    expect(await store.readChunk(3)).toEqual(set.chunks[3]);
    await store.close();
  });

  test('a file that shrinks or goes while it is served is noticed', async () => {
    const set = sampleSet([100_000, 10], 50_000);
    const folder = onDisk(set);
    const store = await openSeedStore(folder, set.document);
    await store.readChunk(0);
    truncateSync(join(folder, '0000'), 60_000);
    await expect(store.readChunk(1)).rejects.toMatchObject({ code: 'contentChanged' });
    rmSync(join(folder, '0001'));
    await expect(store.readChunk(2)).rejects.toMatchObject({ code: 'contentChanged' });
    expect(await store.readChunk(0)).toEqual(set.chunks[0]);
    await store.close();
  });

  test('a small file that grows is noticed, though its first bytes are as they were', async () => {
    const set = sampleSet([300, 500, 200], 2_000);
    const folder = onDisk(set);
    const store = await openSeedStore(folder, set.document);
    expect(await store.readChunk(0)).toEqual(set.chunks[0]);
    appendFileSync(join(folder, '0001'), 'x');
    await expect(store.readChunk(0)).rejects.toMatchObject({ code: 'contentChanged' });
    await store.close();
  });

  test.each([
    ['a missing file', (folder: string) => rmSync(join(folder, '0000')), 'notFound'],
    ['a file of another size', (folder: string) => truncateSync(join(folder, '0000'), 5), 'contentChanged'],
    ['nothing there', (folder: string) => rmSync(folder, { recursive: true }), 'notFound'],
  ])('%s is refused when it is opened', async (_, spoil, code) => {
    const set = sampleSet([3000]);
    const folder = onDisk(set);
    spoil(folder);
    await expect(openSeedStore(folder, set.document)).rejects.toMatchObject({ code });
  });
});
