import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { digestAt } from '../../src/chunk-table.ts';

import { createManifest } from '../../src/node/create-manifest.ts';
import { asNobody, temporaryFolder } from './temporary.ts';

const someBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 13 + (index >> 7)) & 255);

function fileOf(bytes: Uint8Array, name = 'file'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

const tools = { sha256: 'sha256sum', blake3: 'b3sum' };
const isMissing = (tool: string): boolean => spawnSync(tool, ['--version']).status !== 0;

describe('creating a manifest', () => {
  test.each(['sha256', 'blake3'] as const)(
    'gives the %s digests that the system has for the same bytes',
    async (hash) => {
      const tool = tools[hash];
      if (isMissing(tool)) return console.info(`skipped: there is no ${tool} here`);
      const bytes = someBytes(512_345);
      const { document } = await createManifest(fileOf(bytes), { hash });
      for (let chunk = 0; chunk < document.layout.chunkCount; chunk += 1) {
        const start = document.layout.chunkStart(chunk);
        const input = bytes.subarray(start, start + document.layout.sizeOfChunk(chunk));
        const { stdout } = spawnSync(tool, { input, encoding: 'utf8' });
        expect(toHex(digestAt(document.digests, chunk))).toBe(stdout.slice(0, 64));
      }
    },
  );

  test('gives thousands of small files the same digests on one thread and on several', async () => {
    const root = join(temporaryFolder(), 'many');
    mkdirSync(root);
    for (let n = 0; n < 2000; n += 1) writeFileSync(join(root, `file-${n}`), `content of file ${n}`);
    const progress: number[] = [];
    const one = await createManifest(root, { threads: 1 });
    const several = await createManifest(root, { threads: 2, onProgress: (bytes) => progress.push(bytes) });
    expect(several.document).toEqual(one.document);
    expect(one.document.manifest.files).toHaveLength(2000);
    expect(progress.at(-1)).toBe(one.document.layout.totalBytes);
  });

  test('gives a large file the same digests on one thread and on several', async () => {
    const path = fileOf(someBytes(5_000_000));
    truncateSync(path, 20_000_001);
    const one = await createManifest(path, { threads: 1 });
    const several = await createManifest(path, { threads: 3 });
    expect(several.document.swarmId).toBe(one.document.swarmId);
  });

  test('a change is noticed on other threads as well', async () => {
    const path = fileOf(new Uint8Array(0));
    truncateSync(path, 200_000_000);
    const onProgress = (): void => truncateSync(path, 1000);
    await expect(createManifest(path, { threads: 2, onProgress })).rejects.toMatchObject({ code: 'contentChanged' });
  });

  test.skipIf(process.platform === 'win32')('a file that may not be read is named', async () => {
    const path = fileOf(someBytes(10), 'secret');
    chmodSync(join(path, '..'), 0o755);
    chmodSync(path, 0);
    const failure = { code: 'permissionDenied', message: expect.stringContaining('secret') };
    await asNobody(() => expect(createManifest(path)).rejects.toMatchObject(failure));
  });

  test.each([1, 2])('stops when it is told to, on %i threads', async (threads) => {
    const path = fileOf(new Uint8Array(0));
    truncateSync(path, 200_000_000);
    const stop = new AbortController();
    const creating = createManifest(path, { threads, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(creating).rejects.toMatchObject({ code: 'aborted' });
    await expect(createManifest(path, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  test('what is asked for wrongly is told by option', async () => {
    const path = fileOf(someBytes(10));
    await expect(createManifest(path, { hash: 'md5' as 'sha256' })).rejects.toThrow('hash:');
    await expect(createManifest(path, { chunkBytes: 0 })).rejects.toThrow('chunkBytes:');
  });
});
