// What the classic programs and `shoal leave` print with --json is what docs/json-events.md lists, all of it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatLocalChunks } from '@shoal/chunker';
import { seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { eventsIn, record, unseen, wrongIn } from './event-schema.ts';
import { freePorts, play, playOwner, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const content = seededRng('classic').bytes(600_000);
const own = (port: string): string => `127.0.0.1:${port}`;

test('the ring', async () => {
  const film = join(folder, 'film.bin');
  writeFileSync(film, content);
  const [owner = '', ...ports] = await freePorts(3);
  const peers = ports.map((port, i) =>
    play('peer', owner, own(port), ports[1 - i]!, '--folder', join(folder, `peer-${i}`), '--limit-up', '2MB'),
  );
  const playing = play('owner', film, '--port', own(owner), '--peers', '2');
  const said = peers.map(record);
  const heard = new Map([['owner', record(playing)]]);
  await Promise.all([...peers.map((peer) => peer.next('joined')), playing.next('spread')]);
  for (const player of [...peers, playing]) await player.stop();
  heard.set('peer', said.flat());
  expect(wrongIn(heard)).toEqual([]);
  // An owner has all, so that it asks for nothing and is told of nothing that it lacks.
  expect(unseen(heard)).toEqual(['owner chunkReceived', 'owner chunkRequested']);
  for (const events of [...said, heard.get('owner')!]) expect(events.at(-1)).toMatchObject({ event: 'closed' });
});

/** A folder with chunks 1 to 6 that are these seeds' bytes. */
function folderOf(name: string, seeds: readonly string[]): string {
  const place = join(folder, name);
  mkdirSync(place);
  for (const [i, seed] of seeds.entries()) writeFileSync(join(place, `part_${i + 1}`), seededRng(seed).bytes(30_000));
  const files = new Map(seeds.map((_, i) => [i, `part_${i + 1}`]));
  writeFileSync(join(place, 'local_chunks.txt'), formatLocalChunks({ count: 6, files }));
  return place;
}

test('the file-set, with a chunk that peers contradict each other about', async () => {
  const { address } = await playTracker();
  const right = ['a', 'b', 'c', 'd', 'e', 'f'];
  const from = (place: string) =>
    play('client', '--folder', place, '--transfer-port', '127.0.0.1:0', '--tracker', address);
  const clients = [right.with(3, 'wrong'), right, right, []].map((seeds, i) => from(folderOf(`set-${i}`, seeds)));
  const said = clients.map(record);
  await Promise.all(clients.map((client) => client.next('whole')));
  for (const client of clients) await client.stop();
  const heard = new Map([['client', said.flat()]]);
  expect(wrongIn(heard)).toEqual([]);
  expect(unseen(heard)).toEqual([]);
});

test('leave', async () => {
  const path = join(folder, 'left.bin');
  writeFileSync(path, content);
  const { address } = await playTracker();
  await playOwner(path, address);
  const heard = new Map([['leave', eventsIn((await shoal(['leave', 'left.bin', '--json'])).stdout)]]);
  expect(wrongIn(heard)).toEqual([]);
  expect(unseen(heard)).toEqual([]);
});
