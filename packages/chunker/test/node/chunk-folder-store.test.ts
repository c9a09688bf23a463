import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseLocalChunks } from '../../src/local-chunks.ts';
import type { ManifestDocument } from '../../src/manifest-document.ts';
import { openChunkFolder } from '../../src/node/chunk-folder-store.ts';
import { createManifest } from '../../src/node/create-manifest.ts';
import { join as joinFolder } from '../../src/node/join.ts';
import { chunkStoreCases, type SampleSet, sampleSet } from '../../src/testing/index.ts';
import { temporaryFolder } from './temporary.ts';

const newStore = (document: ManifestDocument) =>
  openChunkFolder({ document, folder: join(temporaryFolder(), 'parts') });

async function fullStore(set: SampleSet) {
  const store = await newStore(set.document);
  for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
  return store;
}

describe('a folder of chunks', () => {
  test.each(chunkStoreCases)('$name', async ({ run }) => {
    await expect(run({ empty: newStore, full: fullStore })).resolves.toBeUndefined();
  });

  test('goes on with what is there and verifies', async () => {
    const set = sampleSet([5000]);
    const { document, chunks } = set;
    const folder = join(temporaryFolder(), 'parts');
    const first = await openChunkFolder({ document, folder });
    await Promise.all([0, 2, 3].map((chunk) => first.writeChunk(chunk, chunks[chunk]!)));
    await expect(openChunkFolder({ document, folder })).rejects.toMatchObject({ code: 'storeBusy' });
    await first.close();
    const list = parseLocalChunks(readFileSync(join(folder, 'local_chunks.txt'), 'utf8'));
    expect(list).toMatchObject({
      ok: true,
      value: { count: 5, files: new Map([0, 2, 3].map((c) => [c, `chunk-${c + 1}`])) },
    });
    writeFileSync(join(folder, 'chunk-3'), new Uint8Array(1000));

    const second = await openChunkFolder({ document, folder });
    expect([...second.held.ones()]).toEqual([0, 3]);
    for (const chunk of [1, 2, 4]) await second.writeChunk(chunk, chunks[chunk]!);
    await second.finish();
    await second.close();
    expect((await createManifest(join(folder, 'sample'))).document.entries).toEqual(document.entries);
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    const copy = join(temporaryFolder(), 'copy');
    expect(await joinFolder(folder, { destination: copy })).toMatchObject({ verified: true });

    const third = await openChunkFolder({ document, folder });
    await third.finish(); // what it would make stands there already
    rmSync(join(folder, 'chunk-1'));
    await expect(third.readChunk(0)).rejects.toMatchObject({ code: 'storeDamaged' });
    expect(third.held.has(0)).toBe(false);
    await third.close();
  });

  test('writes over nothing that it did not make', async () => {
    const { document } = sampleSet([5000]);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'chunk-1'), 'mine');
    await expect(openChunkFolder({ document, folder })).rejects.toMatchObject({ code: 'exists' });
    expect(readFileSync(join(folder, 'chunk-1'), 'utf8')).toBe('mine');

    const parts = join(temporaryFolder(), 'parts');
    await (await openChunkFolder({ document, folder: parts })).close();
    const other = sampleSet([4000]).document;
    await expect(openChunkFolder({ document: other, folder: parts })).rejects.toMatchObject({ code: 'exists' });
  });

  test('joins to where it is told, and not over other content', async () => {
    const set = sampleSet([2500]);
    const folder = join(temporaryFolder(), 'parts');
    const destination = join(temporaryFolder(), 'out');
    mkdirSync(destination);
    const store = await openChunkFolder({ document: set.document, folder, destination });
    for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
    await expect(store.finish()).rejects.toMatchObject({ code: 'exists' });
    rmSync(destination, { recursive: true });
    await store.finish();
    expect(existsSync(join(destination, '0000'))).toBe(true);
    await store.close();
  });
});
