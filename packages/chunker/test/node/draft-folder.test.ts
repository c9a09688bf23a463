import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestAt } from '../../src/chunk-table.ts';
import { pureHashes } from '../../src/hash.ts';
import { openDraftFolder, readLocalFolder } from '../../src/node/draft-folder.ts';
import { join as joinFolder } from '../../src/node/join.ts';
import { temporaryFolder } from './temporary.ts';

const content = Uint8Array.from({ length: 2500 }, (_, i) => (i * 31) & 255);
const chunks = [content.subarray(0, 1000), content.subarray(1000, 2000), content.subarray(2000)];
const hashOf = (bytes: Uint8Array): Uint8Array => pureHashes.blake3.digest(bytes);
const whole = { name: 'set', bytes: 2500, chunkBytes: 1000 };

function folderWith(list: string, files: Readonly<Record<string, Uint8Array>>): string {
  const folder = join(temporaryFolder(), 'part');
  mkdirSync(folder);
  writeFileSync(join(folder, 'local_chunks.txt'), list);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

describe('a folder of some chunks', () => {
  test('tells what can be known of the whole', () => {
    const last = readLocalFolder(folderWith('3,c\n3,LASTCHUNK\n', { c: chunks[2]! }));
    expect(last).toMatchObject({ chunkCount: 3, chunkBytes: undefined, lastBytes: 500, missing: [] });
    const first = readLocalFolder(folderWith('1,a\n2,gone\n3,LASTCHUNK\n', { a: chunks[0]! }));
    expect(first).toMatchObject({ chunkBytes: 1000, lastBytes: undefined, missing: ['gone'] });
    // Names counted from 0 are left alone: what comes gets another.
    const zero = readLocalFolder(
      folderWith('0,chunk-0\n2,chunk-2\n3,LASTCHUNK\n', { 'chunk-0': chunks[0]!, 'chunk-2': chunks[2]! }),
    );
    expect(zero.chunkFiles).toEqual(['chunk-0', 'chunk-2.fetched', 'chunk-2']);
  });

  test.each([
    ['no list', undefined, 'notFound'],
    ['a list without an end', '1,a\n', 'manifestInvalid'],
    ['chunks of several sizes', '1,a\n2,c\n3,LASTCHUNK\n', 'manifestInvalid'],
    ['a last chunk that is too large', '1,c\n3,a\n3,LASTCHUNK\n', 'manifestInvalid'],
  ])('is refused with %s', (_, list, code) => {
    const folder = list === undefined ? temporaryFolder() : folderWith(list, { a: chunks[0]!, c: chunks[2]! });
    expect(() => readLocalFolder(folder)).toThrow(expect.objectContaining({ code }));
  });

  test('takes what it is told to expect, in place of a wrong chunk too, and is joined', async () => {
    const folder = folderWith('1,a\n2,b\n3,LASTCHUNK\n', { a: chunks[0]!, b: new Uint8Array(1000) });
    const store = await openDraftFolder({ local: readLocalFolder(folder), ...whole });
    expect([...store.held.ones()]).toEqual([0, 1]);
    expect(digestAt(store.digests, 0)).toEqual(hashOf(chunks[0]!));
    expect(await store.writeChunk(2, chunks[2]!)).toBe('damaged'); // nobody knows what it hashes to
    expect(store.expect(0, hashOf(chunks[0]!))).toBe(true);
    for (const chunk of [1, 2]) expect(store.expect(chunk, hashOf(chunks[chunk]!))).toBe(false);
    expect([...store.held.ones()]).toEqual([0]);
    await expect(store.finish()).rejects.toMatchObject({ code: 'unfinished' });
    for (const chunk of [1, 2]) expect(await store.writeChunk(chunk, chunks[chunk]!)).toBe('stored');
    await store.finish();
    await store.close();
    expect(readFileSync(join(folder, 'local_chunks.txt'), 'utf8')).toBe('1,a\n2,b\n3,chunk-3\n3,LASTCHUNK\n');
    const copy = join(temporaryFolder(), 'copy');
    expect(await joinFolder(folder, { destination: copy })).toMatchObject({ verified: true });
    expect(readFileSync(copy).equals(content)).toBe(true);
  });
});
