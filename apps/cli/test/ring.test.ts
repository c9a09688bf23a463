// The classic ring between real processes: an owner, three peers, each with its own port and its neighbour's.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLocalChunks } from '@shoal/chunker';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import type { ChildEvent } from '../src/demo/cast.ts';
import { record } from './event-schema.ts';
import { freePorts, play, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const film = join(folder, 'film.bin');
const content = seededRng('film').bytes(2_000_000);
writeFileSync(film, content);
const chunkCount = 20; // of 102,400 bytes

const own = (port = ''): string => `127.0.0.1:${port}`;

const named = (events: readonly ChildEvent[], name: string): ChildEvent[] =>
  events.filter(({ event }) => event === name);
const idsOf = (events: readonly ChildEvent[], name: string): number[] =>
  named(events, name).flatMap(({ ids }) => ids as number[]);

/** An owner that waits for as many peers as there are ports, and the command line of each peer. */
async function playRing(name: string, ...ownerOptions: string[]) {
  const [owner = '', ...ports] = await freePorts(4);
  const args = ports.map((port, i) => {
    const neighbour = ports[(i + 1) % ports.length]!;
    return ['peer', owner, own(port), neighbour, '--folder', join(folder, name, String(i))];
  });
  const player = play('owner', film, '--port', own(owner), '--peers', String(ports.length), ...ownerOptions);
  return { player, heard: record(player), owner, ports, args };
}

describe('the classic ring', () => {
  test('the owner hands different chunks to each peer and leaves; each joins the file', async () => {
    const { player, heard, ports, owner, args } = await playRing('leaves', '--leave');
    const peers = args.map((line) => play(...line, '--limit-up', '4MB'));
    const events = peers.map(record);
    const joined = Promise.all(peers.map((peer) => peer.next('joined')));
    expect(await player.ended()).toBe(0);
    expect(new Set(idsOf(heard, 'chunkSent')).size).toBe(chunkCount);
    await joined;
    for (const [i, said] of events.entries()) {
      const place = join(folder, 'leaves', String(i));
      expect(readFileSync(join(place, 'film.bin')).equals(content)).toBe(true);
      const chunks = readdirSync(place).filter((name) => /^chunk-\d+$/.test(name));
      expect(chunks).toHaveLength(chunkCount);
      const list = parseLocalChunks(readFileSync(join(place, 'local_chunks.txt'), 'utf8'));
      expect(list).toMatchObject({ ok: true, value: { count: chunkCount } });
      // Chunks came from the owner and from the download neighbour, and from nobody else.
      const sources = new Set(named(said, 'chunkReceived').map(({ remote }) => remote));
      expect(sources).toEqual(new Set([own(owner), own(ports[(i + 1) % 3])]));
      for (const activity of ['listReceived', 'listSent', 'chunkRequested', 'requestReceived', 'chunkSent'])
        expect(named(said, activity)).not.toHaveLength(0);
      expect(new Set(idsOf(said, 'chunkReceived')).size).toBe(chunkCount);
    }
    // Each was given another part of it.
    const parts = events.map((said) => named(said, 'chunkReceived').filter(({ remote }) => remote === own(owner)));
    for (const part of parts) expect(part.length).toBeGreaterThan(2);
  });

  test('a peer that stops and comes back on another port goes on, and so do those who need its chunks', async () => {
    const { player, args } = await playRing('moves');
    // What only the second one has takes the first three seconds to get.
    const peers = args.map((line, i) => play(...line, '--limit-up', i === 1 ? '300KB' : '4MB'));
    const events = peers.map(record);
    const joined = Promise.all([peers[0]!, peers[2]!].map((peer) => peer.next('joined')));
    await player.next('spread');
    await player.stop();
    await peers[1]!.stop();
    expect(named(events[0]!, 'joined')).toEqual([]);
    const kept = readdirSync(join(folder, 'moves', '1')).filter((name) => /^chunk-\d+$/.test(name)).length;
    expect(kept).toBeGreaterThan(0);

    const [elsewhere] = await freePorts(1);
    const back = play(...args[1]!.with(2, own(elsewhere)));
    const said = record(back);
    await Promise.all([back.next('joined'), joined]);
    for (const i of ['0', '1', '2'])
      expect(readFileSync(join(folder, 'moves', i, 'film.bin')).equals(content)).toBe(true);
    expect(idsOf(said, 'chunkReceived').length).toBeLessThanOrEqual(chunkCount - kept); // it did not begin anew
    expect(named(events[0]!, 'chunkReceived').at(-1)).toMatchObject({ remote: own(elsewhere) });
  });

  test('who is wrong is told', async () => {
    const [owner = '', port = '', other = ''] = await freePorts(3);
    const place = ['--folder', join(folder, 'wrong')];
    expect(await shoal(['peer', owner, own(port), port, ...place])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('itself'),
    });
    const first = play('owner', film, '--port', own(port));
    await first.next('owning');
    expect(await shoal(['peer', owner, own(port), other, ...place])).toMatchObject({
      status: 6,
      stderr: expect.stringContaining(`port ${port} is in use`),
    });
    const nobody = await shoal(['peer', owner, own(other), owner, ...place, '--timeout', '0.5']);
    expect(nobody).toMatchObject({ status: 6, stderr: expect.stringContaining('start the owner first') });
  });
});
