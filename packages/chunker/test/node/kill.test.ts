import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openFileStore } from '../../src/node/file-chunk-store.ts';
import { slowSet } from './programs/slow-set.ts';
import { temporaryFolder } from './temporary.ts';

const program = join(import.meta.dirname, 'programs', 'download.ts');
const programArguments = (destination: string, chunks: number): string[] => [
  '--conditions=@shoal/source',
  program,
  destination,
  String(chunks),
];

/** Runs a download and kills it, by the signal nobody can catch, as soon as it has told so many chunks. */
async function downloadUntilKilled(destination: string, chunksTold: number): Promise<number> {
  const child = spawn(process.execPath, programArguments(destination, chunksTold), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = 0;
  for await (const line of createInterface(child.stdout)) {
    expect(line).toMatch(/^\d+$/);
    told += 1;
    if (told === chunksTold) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return told;
}

describe('a download killed half-way', () => {
  test('has everything it told of, goes on from there, and never had the final name', async () => {
    const set = slowSet();
    const folder = temporaryFolder();
    const destination = join(folder, 'copy');
    let had = 0;
    for (const chunksTold of [1, 300, 400]) {
      const told = await downloadUntilKilled(destination, chunksTold);
      expect(existsSync(destination)).toBe(false);
      const store = await openFileStore({ document: set.document, destination });
      expect(store.held.count).toBeGreaterThanOrEqual(had + told);
      for (const chunk of store.held.ones()) expect(await store.readChunk(chunk)).toEqual(set.chunks[chunk]);
      had = store.held.count;
      await store.close();
    }
    expect(had).toBeLessThan(set.chunks.length);
    const store = await openFileStore({ document: set.document, destination });
    let fetched = 0;
    for (const [chunk, bytes] of set.chunks.entries())
      if ((await store.writeChunk(chunk, bytes)) === 'stored') fetched += 1;
    expect(fetched).toBe(set.chunks.length - had);
    await store.finish();
    await store.close();
    expect(readdirSync(folder)).toEqual(['copy']);
    for (const [index, { path }] of set.document.manifest.files.entries())
      expect(readFileSync(join(destination, path)).equals(set.files[index]!)).toBe(true);
  });

  test('another process is kept out while one writes', async () => {
    const destination = join(temporaryFolder(), 'copy');
    const store = await openFileStore({ document: slowSet().document, destination });
    const { stdout } = spawnSync(process.execPath, programArguments(destination, 1), { encoding: 'utf8' });
    expect(stdout).toBe('storeBusy\n');
    await store.close();
  });
});
