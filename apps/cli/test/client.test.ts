// The classic file-set without a manifest, between real processes: clients that have some chunks each, one of them a wrong
// one, and one that has none.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatLocalChunks, parseLocalChunks } from '@shoal/chunker';
import { bytesEqual, seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import type { ChildEvent } from '../src/demo/cast.ts';
import { othersAgreeOn } from '../src/classic/agreement.ts';
import { modernSpelling } from '../src/classic/spelling.ts';
import { play, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const chunkBytes = 50_000;
const content = seededRng('set').bytes(5 * chunkBytes + 123);
const count = 6;

/** A folder with these chunks, counted from 1, of which one may be wrong. */
function folderOf(name: string, ids: readonly number[], wrong?: number): string {
  const place = join(folder, name);
  mkdirSync(place);
  for (const id of ids) {
    const bytes = content.slice((id - 1) * chunkBytes, id * chunkBytes);
    if (id === wrong) bytes[7]! ^= 1;
    writeFileSync(join(place, `part_${id}`), bytes);
  }
  const files = new Map(ids.map((id) => [id - 1, `part_${id}`]));
  writeFileSync(join(place, 'local_chunks.txt'), formatLocalChunks({ count, files }));
  return place;
}

test('a set is completed by what enough agree on, also where one has a wrong chunk', async () => {
  const { address } = await playTracker();
  const places = [
    folderOf('first', [1, 2, 3, 4, 5]), // how large the set is, it has to be told
    folderOf('second', [1, 3, 4, 5, 6]),
    folderOf('wrong', [2, 4, 6], 4),
    folderOf('none', []),
  ];
  const clients = places.map((place, i) => {
    const classic = ['client', '-folder', place, '-transfer_port', '127.0.0.1:0', '-name', `client${i}`];
    return play(...classic, '--tracker', address);
  });
  const events: ChildEvent[][] = clients.map((client) => {
    const said: ChildEvent[] = [];
    client.listen((event) => void (event !== undefined && said.push(event)));
    return said;
  });
  await Promise.all(clients.map((client) => client.next('whole')));

  for (const [i, place] of places.entries()) {
    const copy = join(folder, `copy-${i}`);
    expect(await shoal(['join', place, '-o', copy])).toMatchObject({ status: 0 });
    expect(readFileSync(copy).equals(content)).toBe(true);
    const list = parseLocalChunks(readFileSync(join(place, 'local_chunks.txt'), 'utf8'));
    expect(list.ok && list.value.files.size).toBe(count);
  }
  const named = (which: number, name: string) => events[which]!.filter(({ event }) => event === name);
  expect(named(2, 'distrusted').map(({ id }) => id)).toEqual([4]);
  expect(
    named(3, 'located')
      .map(({ id }) => Number(id))
      .toSorted((a, b) => a - b),
  ).toEqual([1, 2, 3, 4, 5, 6]);
  for (const which of [0, 1, 3]) expect(named(which, 'distrusted')).toEqual([]);

  await expect
    .poll(async () => (await shoal(['where', 'file-set', '--tracker', address])).stdout, { timeout: 60_000 })
    .toMatch(/check list {2}none\nchunk list {2}0-5\ndisputed {4}none/);
});

test('who is stopped before the set is whole is told how to go on', async () => {
  const { address } = await playTracker();
  const client = play('client', '--folder', folderOf('stopped', [5, 6]), '--transfer-port', '0', '--tracker', address);
  await client.next('joining');
  process.kill(client.pid!, 'SIGINT');
  expect(await client.next('error')).toMatchObject({
    status: 130,
    message: expect.stringContaining('this goes on where it was: shoal client --folder '),
  });
});

test('who comes with a wrong chunk after the others agreed is told so as well', async () => {
  const { address } = await playTracker();
  const playFrom = (place: string) =>
    play('client', '--folder', place, '--transfer-port', '127.0.0.1:0', '--tracker', address);
  const all = [1, 2, 3, 4, 5, 6];
  const honest = [folderOf('early', all), folderOf('soon', all)].map(playFrom);
  await Promise.all(honest.map((client) => client.next('whole')));

  const place = folderOf('late', [2, 4, 6], 4);
  const late = playFrom(place);
  const [distrusted] = await Promise.all([late.next('distrusted'), late.next('whole')]);
  expect(distrusted).toMatchObject({ id: 4, voices: 2 });
  expect(await shoal(['join', place, '-o', join(folder, 'copy-late')])).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, 'copy-late')).equals(content)).toBe(true);
});

const camp = (hash: Uint8Array | undefined, voices: number) => ({ hash: hash!, voices });

test('only its own claim against all others is taken for the wrong one', () => {
  const [ours, theirs, third] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
  const judge = (...camps: ReturnType<typeof camp>[]) => othersAgreeOn(camps, ours!);
  expect(bytesEqual(judge(camp(theirs, 2), camp(ours, 1))!.hash, theirs!)).toBe(true);
  expect(judge(camp(theirs, 1), camp(ours, 1))).toBeUndefined(); // nobody knows who is right
  expect(judge(camp(theirs, 2), camp(ours, 2))).toBeUndefined();
  expect(judge(camp(theirs, 2), camp(third, 1), camp(ours, 1))).toBeUndefined();
  expect(judge(camp(theirs, 2), camp(third, 1))).toBeUndefined();
});

test('the classic spelling is understood, for this command alone', () => {
  const modern = ['client', '--folder', 'x', '--transfer-port', '1', '--name', 'y'];
  expect(modernSpelling(['client', '-folder', 'x', '-transfer_port', '1', '-name', 'y'])).toEqual(modern);
  expect(modernSpelling(['get', '-name'])).toEqual(['get', '-name']);
});
