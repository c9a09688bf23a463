// What `verifyContent` and `verifyChunks` find: every kind of difference, named, and nothing where there is none.

import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { createManifest, split, verifyChunks, verifyContent } from '../../src/node/index.ts';
import { temporaryFolder } from './temporary.ts';

/** A folder of four files, one of them empty and two small ones in one chunk. */
function makeSet(): string {
  const root = join(temporaryFolder(), 'set');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'a.bin'), seededRng('a').bytes(300_000));
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'sub', 'b.txt'), 'b'.repeat(100));
  writeFileSync(join(root, 'sub', 'c.txt'), 'c'.repeat(100));
  return root;
}

/** Changes one byte, and leaves the size. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

describe('content beside its manifest', () => {
  test.each(['fixed', 'contentDefined'] as const)('is whole, under any name (%s)', async (chunking) => {
    const root = makeSet();
    const { document } = await createManifest(root, { chunking });
    renameSync(root, `${root}-moved`);
    const told: number[] = [];
    const verified = await verifyContent(`${root}-moved`, document, { onProgress: (done) => told.push(done) });
    expect(verified.troubles).toEqual([]);
    expect(told.at(-1)).toBe(300_200);
  });

  test('names what is damaged, cut short, longer or missing', async () => {
    const root = makeSet();
    const { document } = await createManifest(root);
    flip(join(root, 'a.bin'), 5);
    expect((await verifyContent(root, document)).troubles).toEqual([{ path: 'a.bin', problem: 'damaged' }]);
    flip(join(root, 'a.bin'), 5);
    appendFileSync(join(root, 'empty'), 'x');
    rmSync(join(root, 'sub', 'c.txt'));
    expect((await verifyContent(root, document)).troubles).toEqual([
      { path: 'empty', problem: 'damaged' },
      { path: 'sub/c.txt', problem: 'missing' },
    ]);
    rmSync(root, { recursive: true });
    expect((await verifyContent(root, document)).troubles.map(({ problem }) => problem)).toEqual(
      Array.from({ length: 4 }, () => 'missing'),
    );
  });

  test('of one file is the file at the path', async () => {
    const path = join(makeSet(), 'a.bin');
    const { document } = await createManifest(path);
    expect((await verifyContent(path, document)).troubles).toEqual([]);
    expect((await verifyContent(`${path}/x`, document)).troubles).toEqual([{ path: 'a.bin', problem: 'missing' }]);
  });
});

describe('a folder of chunks', () => {
  test('is compared with its summary', async () => {
    const set = makeSet();
    const { destination } = await split(join(set, 'a.bin'), { destination: `${set}.chunks` });
    expect((await verifyChunks(destination)).troubles).toEqual([]);
    flip(join(destination, 'chunk-2'), 0);
    rmSync(join(destination, 'chunk-1'));
    expect((await verifyChunks(destination)).troubles).toEqual([
      { id: 1, file: 'chunk-1', problem: 'missing' },
      { id: 2, file: 'chunk-2', problem: 'damaged' },
    ]);
  });
});
