// How serving begins and ends by itself, and what is done when a transfer is complete: between real processes.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { digestContent } from '../src/demo/digest.ts';
import { play, playOwner, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

function file(name: string, bytes = 600_000): string {
  const path = join(folder, name);
  writeFileSync(path, seededRng(name).bytes(bytes));
  return path;
}

describe('share --watch', () => {
  test('gives a changed folder a new ticket, and serves that one from then on', async () => {
    const set = join(folder, 'site');
    mkdirSync(set);
    writeFileSync(join(set, 'index.html'), seededRng('index').bytes(400_000));
    const { address } = await playTracker();
    const place = ['--tracker', address, '--listen', '127.0.0.1:0'];
    const owner = play('share', set, ...place, '--watch', '--settle', '0.2');
    const first = String((await owner.next('sharing'))['ticket']);
    const copy = join(folder, 'site-copy');
    expect((await shoal(['get', first, '-o', copy])).status).toBe(0);

    writeFileSync(join(set, 'news.html'), 'news');
    const second = String((await owner.next('sharing'))['ticket']);
    expect(second).not.toBe(first);
    expect((await shoal(['get', second, '-o', copy, '--update'])).status).toBe(0);
    expect(await digestContent(copy)).toEqual(await digestContent(set));

    mkdirSync(join(set, 'deep'));
    writeFileSync(join(set, 'deep', 'more.html'), 'more');
    rmSync(join(set, 'news.html'));
    const third = await owner.next('sharing');
    expect(third['files']).toBe(2);
    expect((await shoal(['leave', String(third['swarm'])])).status).toBe(0);
    expect(await owner.ended()).toBe(0);
  });
});

describe('serving', () => {
  test('ends when enough was sent', async () => {
    const { address } = await playTracker();
    const path = file('once');
    const owner = play('share', path, '--tracker', address, '--listen', '127.0.0.1:0', '--seed-ratio', '1');
    const { ticket } = await owner.next('sharing');
    expect((await shoal(['get', String(ticket), '-o', join(folder, 'once-copy')])).status).toBe(0);
    expect(await owner.ended()).toBe(0);
    expect((await shoal(['share', path, '--tracker', address, '--seed-ratio', 'often'])).status).toBe(2);
  });

  test('ends when enough others have it', async () => {
    const { address } = await playTracker();
    const path = file('twice');
    const owner = play('share', path, '--tracker', address, '--listen', '127.0.0.1:0', '--copies', '2');
    const { ticket } = await owner.next('sharing');
    expect((await shoal(['get', String(ticket), '-o', join(folder, 'twice-1')])).status).toBe(0);
    expect((await shoal(['get', String(ticket), '-o', join(folder, 'twice-2')])).status).toBe(0);
    expect(await owner.ended()).toBe(0);
    expect((await shoal(['share', path, '--tracker', address, '--copies', 'none'])).status).toBe(2);
  });

  test('is bounded and gives way as asked, under an identity of its own', async () => {
    const { address } = await playTracker();
    const identity = join(folder, 'keys', 'owner');
    const options = ['--tracker', address, '--listen', '127.0.0.1:0', '--identity', identity];
    const owner = play('share', file('slow'), ...options, '--limit-up', '300k', '--priority', 'background');
    const { ticket, peer } = await owner.next('sharing');
    const started = performance.now();
    expect((await shoal(['get', String(ticket), '-o', join(folder, 'slow-copy')])).status).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(1_000); // 600,000 bytes at 307,200 a second, but for a first burst
    await owner.stop();
    expect(statSync(identity).mode & 0o777).toBe(0o600);
    const again = play('share', file('other'), ...options);
    expect((await again.next('sharing'))['peer']).toBe(peer);
  });
});

describe('get --on-complete', () => {
  test('tells the command by variables, whatever the name is', async () => {
    const { address } = await playTracker();
    const name = 'a $(touch owned); "b" `touch owned`';
    const { ticket } = await playOwner(file(name, 10), address);
    const copy = join(folder, 'named $(touch owned)');
    const told = join(folder, 'told');
    const command = `printf '%s|%s|%s' "$SHOAL_DONE_NAME" "$SHOAL_DONE_PATH" "$SHOAL_DONE_BYTES" > '${told}'`;
    expect((await shoal(['get', ticket, '-o', copy, '--on-complete', command])).status).toBe(0);
    expect(readFileSync(told, 'utf8')).toBe(`${name}|${copy}|10`);
    const failing = await shoal(['get', ticket, '-o', `${copy} 2`, '--on-complete', 'exit 5']);
    expect(failing).toMatchObject({ status: 7, stderr: expect.stringContaining('ended with 5') });
    expect(readFileSync(`${copy} 2`)).toHaveLength(10);
  });
});
