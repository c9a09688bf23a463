// A real process is killed under load again and again; whatever it said was accepted is in the file.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bitfield, instant, peerId, seededRng } from '@shoal/machine';
import { holdersIn, swarmId } from '@shoal/wire';
import { afterAll, expect, test } from 'vitest';
import { FileStore } from '../src/node/file/file-store.ts';

const program = fileURLToPath(new URL('programs/busy-file-store.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'shoal-killed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a process said was accepted, `peer chunk` or `peer -`, until it was killed after so many words. */
async function killedAfter(words: number, path: string, firstPeer: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['-C', '@shoal/source', program, path, String(firstPeer)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.split('\n').length > words) child.kill('SIGKILL');
  }
  return said.split('\n').slice(0, -1); // the last may be half a word
}

/** Everything in the file, in the same words. */
async function found(path: string): Promise<ReadonlySet<string>> {
  const store = new FileStore({ path, rng: seededRng('killed'), now: instant(0) });
  const words = new Set<string>();
  for (let file = 0; file < 50; file += 1) {
    const swarm = swarmId(file.toString(16).padStart(64, 'a'))!;
    const located = store.locate({ swarm });
    const holders = located === undefined ? [] : holdersIn(located.holders);
    for (const [i, { peer }] of holders.entries())
      for (const chunk of Bitfield.fromBytes(located!.body.slice(2 * i, 2 * i + 2), 10)!.ones())
        words.add(`${Number.parseInt(peer, 16)} ${chunk}`);
  }
  for (let number = 0; number < 100_000; number += 1)
    if (store.addressOf(peerId(number.toString(16).padStart(64, '0'))!) !== undefined) words.add(`${number} -`);
  await store.close();
  return words;
}

test('a killed process loses nothing that it had accepted', async () => {
  const rng = seededRng('file-store-killed');
  const path = join(folder, 'table.db');
  const accepted: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    accepted.push(...(await killedAfter(50 + rng.below(700), path, round * 10_000)));
    const kept = await found(path);
    expect(accepted.filter((word) => !kept.has(word))).toEqual([]);
  }
  expect(accepted.length).toBeGreaterThan(300);
});
