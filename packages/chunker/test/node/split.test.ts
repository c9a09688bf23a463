import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createManifest } from '../../src/node/create-manifest.ts';
import { join } from '../../src/node/join.ts';
import { split } from '../../src/node/split.ts';
import { noiseBytes } from '../content-defined/some-bytes.ts';
import { temporaryFolder } from './temporary.ts';

const chunkNames = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('chunk-'));

async function splitBytes(size: number, options = {}): Promise<{ folder: string; parts: string; bytes: Uint8Array }> {
  const folder = temporaryFolder();
  const bytes = noiseBytes(size);
  writeFileSync(joinPath(folder, 'file'), bytes);
  const parts = joinPath(folder, 'parts');
  await split(joinPath(folder, 'file'), { destination: parts, ...options });
  return { folder, parts, bytes };
}

describe('split and join', () => {
  test.each([0, 1, 4, 5, 6, 102_399, 102_400, 102_401, 511_999, 512_000, 512_001, 1_000_000])(
    '%i bytes come back as they were',
    async (size) => {
      const { folder, parts, bytes } = await splitBytes(size);
      expect(chunkNames(parts).length).toBeGreaterThanOrEqual(Math.min(5, size));
      const { document, verified } = await join(parts, { destination: joinPath(folder, 'copy') });
      expect(verified).toBe(true);
      expect(document.swarmId).toBe((await createManifest(joinPath(folder, 'file'))).document.swarmId);
      expect(readFileSync(joinPath(folder, 'copy')).equals(bytes)).toBe(true);
      expect(readdirSync(folder).toSorted()).toEqual(['copy', 'file', 'parts']);
    },
  );

  test.each(['fixed', 'contentDefined'] as const)(
    'a folder of %s chunks comes back on any threads',
    async (chunking) => {
      const folder = temporaryFolder();
      const root = joinPath(folder, 'set');
      mkdirSync(joinPath(root, 'deep', 'er'), { recursive: true });
      mkdirSync(joinPath(root, 'empty'));
      for (let n = 0; n < 200; n += 1) writeFileSync(joinPath(root, 'deep', `file ${n}`), noiseBytes(n * 41, n));
      writeFileSync(joinPath(root, 'deep', 'er', 'große'), noiseBytes(3_000_000));
      writeFileSync(joinPath(root, 'run'), '#!/bin/sh\n');
      chmodSync(joinPath(root, 'run'), 0o755);
      const made = await createManifest(root, { chunking, hash: 'sha256' });
      for (const threads of [1, 2]) {
        const parts = joinPath(folder, `parts-${threads}`);
        const { document } = await split(root, { destination: parts, chunking, hash: 'sha256', threads });
        expect(document.swarmId).toBe(made.document.swarmId);
        const copy = joinPath(folder, `copy-${threads}`);
        await join(parts, { destination: copy });
        expect((await createManifest(copy)).document.entries).toEqual((await createManifest(root)).document.entries);
      }
    },
  );

  test('all that is missing or damaged is named, and nothing is left behind', async () => {
    const { folder, parts } = await splitBytes(1_000_000);
    const damage = (name: string): void => {
      const bytes = readFileSync(joinPath(parts, name));
      bytes[7]! ^= 1;
      writeFileSync(joinPath(parts, name), bytes);
    };
    const troubles = async (): Promise<[unknown, unknown]> => {
      const told: unknown[] = [];
      const failed: unknown = await join(parts, {
        destination: joinPath(folder, 'copy'),
        onTrouble: ({ id, problem }) => told.push(`${id} ${problem}`),
      }).catch((error: unknown) => error);
      expect(readdirSync(folder).toSorted()).toEqual(['file', 'parts']);
      return [told, failed];
    };
    damage('chunk-3');
    const [told, failed] = await troubles();
    expect(told).toEqual(['3 damaged']);
    expect(failed).toMatchObject({ code: 'verificationFailed' });
    expect(failed).toHaveProperty('message', expect.stringContaining('chunk 3 ("chunk-3") is damaged'));

    rmSync(joinPath(parts, 'chunk-1'));
    truncateSync(joinPath(parts, 'chunk-10'), 5);
    expect((await troubles())[0]).toEqual(['1 missing', '3 damaged', '10 damaged']);

    for (const name of ['chunk-3', 'chunk-10']) rmSync(joinPath(parts, name));
    expect(await troubles()).toMatchObject([['1 missing', '3 missing', '10 missing'], { code: 'notFound' }]);
  });

  test('a summary that was changed is refused', async () => {
    const { parts } = await splitBytes(1000);
    const path = joinPath(parts, 'summary.txt');
    writeFileSync(path, readFileSync(path, 'utf8').replace('name file', 'name life'));
    await expect(join(parts)).rejects.toMatchObject({ code: 'manifestInvalid' });
  });

  test('chunks of the classic exercise, without hashes, are joined in order', async () => {
    const { folder, parts, bytes } = await splitBytes(250_000, { chunkBytes: 60_000 });
    expect(readFileSync(joinPath(parts, 'local_chunks.txt'), 'utf8')).toBe(
      '1,chunk-1\n2,chunk-2\n3,chunk-3\n4,chunk-4\n5,chunk-5\n5,LASTCHUNK\n',
    );
    rmSync(joinPath(parts, 'summary.txt'));
    const { verified } = await join(parts, { destination: joinPath(folder, 'copy') });
    expect(verified).toBe(false);
    expect(readFileSync(joinPath(folder, 'copy')).equals(bytes)).toBe(true);

    writeFileSync(joinPath(parts, 'local_chunks.txt'), '1,chunk-1\n3,chunk-3\n5,LASTCHUNK\n');
    await expect(join(parts)).rejects.toMatchObject({ code: 'notFound', message: expect.stringContaining('chunk 2') });
    truncateSync(joinPath(parts, 'chunk-1'), 1);
    writeFileSync(joinPath(parts, 'local_chunks.txt'), '1,chunk-1\n2,chunk-2\n2,LASTCHUNK\n');
    await expect(join(parts)).rejects.toMatchObject({ code: 'manifestInvalid' });
  });

  test('nothing is ever replaced, and a failed split leaves nothing', async () => {
    const { folder, parts } = await splitBytes(1000);
    const file = joinPath(folder, 'file');
    await expect(split(file, { destination: parts })).rejects.toMatchObject({ code: 'exists' });
    await expect(join(parts, { destination: file })).rejects.toMatchObject({ code: 'exists' });
    const aborted = { destination: joinPath(folder, 'other'), signal: AbortSignal.abort() };
    await expect(split(file, aborted)).rejects.toMatchObject({ code: 'aborted' });
    await expect(join(folder)).rejects.toMatchObject({ code: 'notFound' });
    expect(readdirSync(folder).toSorted()).toEqual(['file', 'parts']);
  });

  test('what a killed split left does not stand in the way', async () => {
    const { folder } = await splitBytes(1000);
    mkdirSync(joinPath(folder, '.again.shoal-partial', 'content'), { recursive: true });
    writeFileSync(joinPath(folder, '.again.shoal-partial', 'content', 'chunk-9'), 'old');
    await split(joinPath(folder, 'file'), { destination: joinPath(folder, 'again') });
    expect(chunkNames(joinPath(folder, 'again'))).toHaveLength(5);
    expect(readdirSync(folder).toSorted()).toEqual(['again', 'file', 'parts']);
  });
});
