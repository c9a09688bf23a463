// Going on with a download that was closed cleanly, without reading it again; and what that takes on trust.

import { existsSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leaveNote } from '../../src/node/closing-note.ts';
import { type FileChunkStore, openFileStore } from '../../src/node/file-chunk-store.ts';
import { sampleSet } from '../../src/testing/index.ts';
import { temporaryFolder } from './temporary.ts';

const set = sampleSet([2000, 4000]);
const written = [0, 1, 2, 3];

/** A download of some chunks of each file, closed; its hidden folder. */
async function closedDownload() {
  const destination = join(temporaryFolder(), 'copy');
  const store = await openFileStore({ document: set.document, destination });
  for (const chunk of written) await store.writeChunk(chunk, set.chunks[chunk]!);
  await store.close();
  const partial = join(destination, '..', `.${basename(destination)}.shoal-partial`);
  const file = (name: string): string => join(partial, 'content', name);
  const notePath = join(partial, 'closed');
  return { destination, partial, file, notePath, paths: [join(partial, 'have'), file('0000'), file('0001')] };
}

async function heldAtNextStart(destination: string, check?: 'full'): Promise<number[]> {
  const store = await openFileStore({ document: set.document, destination, check });
  const held = [...store.held.ones()];
  await store.close();
  return held;
}

/** Other bytes in chunks 2 to 5, in a file of the same size and time. */
function spoil(path: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, Buffer.alloc(4000));
  utimesSync(path, atime, mtime);
}

describe.skipIf(process.platform !== 'linux')('a download that was closed', () => {
  test('leaves a note, which the next start takes away', async () => {
    const { destination, notePath } = await closedDownload();
    expect(readFileSync(notePath, 'utf8').split('\n')).toHaveLength(6);
    const store = await openFileStore({ document: set.document, destination });
    expect(existsSync(notePath)).toBe(false);
    expect([...store.held.ones()]).toEqual(written);
    await store.close();
    expect(existsSync(notePath)).toBe(true);
  });

  test('is not read again, but for a file that was written to since, even one of the same size and time', async () => {
    const { destination, file } = await closedDownload();
    spoil(file('0001'));
    expect(await heldAtNextStart(destination)).toEqual([0, 1]);
  });

  test.each<[string, (download: Awaited<ReturnType<typeof closedDownload>>) => void]>([
    ['was cut off', ({ notePath }) => truncateSync(notePath, statSync(notePath).size - 1)],
    ['is of an earlier start of the system', ({ notePath }) => replaceIn(notePath, /\n.*\n/, '\nanother\n')],
    ['is of other files', ({ notePath }) => replaceIn(notePath, /\n/, '\n\n')],
    ['knows another map', ({ partial }) => writeFileSync(join(partial, 'have'), Buffer.of(0xff))],
    ['is not there, as after a kill', ({ notePath }) => rmSync(notePath)],
  ])('is read again when the note %s', async (_, change) => {
    const download = await closedDownload();
    spoil(download.file('0001'));
    leaveNote(download.notePath, download.paths); // one that says all is well
    change(download);
    expect(await heldAtNextStart(download.destination)).toEqual([0, 1]);
  });

  test('is believed where the note says so; what is wrong all the same is found by a full check', async () => {
    const { destination, file, notePath, paths } = await closedDownload();
    spoil(file('0001'));
    leaveNote(notePath, paths);
    expect(await heldAtNextStart(destination)).toEqual(written);
    expect(await heldAtNextStart(destination, 'full')).toEqual([0, 1]);
    expect(await heldAtNextStart(destination)).toEqual([0, 1]);
  });

  test('never hands out what is wrong all the same', async () => {
    const { destination, file, notePath, paths } = await closedDownload();
    spoil(file('0001'));
    leaveNote(notePath, paths);
    const store: FileChunkStore = await openFileStore({ document: set.document, destination });
    await expect(store.readChunk(2)).rejects.toMatchObject({ code: 'storeDamaged' });
    expect(store.held.has(2)).toBe(false);
    await store.close();
  });
});

function replaceIn(path: string, pattern: RegExp, text: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(pattern, text));
}
