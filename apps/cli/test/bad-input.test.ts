// Bad input gets one clear line that says what to do, a documented exit status, and leaves nothing half-written.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { play, playOwner, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const deadTracker = '127.0.0.1:9';

/** The one line for people that a failed command ends with. */
const lastLine = (stderr: string): string => stderr.trim().split('\n').at(-1) ?? '';

function file(name: string, bytes = 600_000): string {
  const path = join(folder, name);
  writeFileSync(path, seededRng(name).bytes(bytes));
  return path;
}

describe('bad input', () => {
  test('a missing file', async () => {
    const ended = await shoal(['share', join(folder, 'nowhere'), '--tracker', deadTracker]);
    expect(ended.status).toBe(3);
    expect(lastLine(ended.stderr)).toMatch(/^shoal: .*nowhere/);
    expect(ended.stdout).toBe('');
  });

  test('an unreadable folder', async () => {
    const path = join(folder, 'locked');
    mkdirSync(path);
    writeFileSync(join(path, 'secret'), 'x');
    chmodSync(path, 0o000);
    chmodSync(folder, 0o755);
    // Root reads everything: as root the program runs as somebody else.
    const ended = await shoal(['share', path, '--tracker', deadTracker], isRoot ? nobody : undefined);
    chmodSync(path, 0o755);
    expect(ended.status).toBe(1);
    expect(lastLine(ended.stderr)).toMatch(/^shoal: .*locked.*permission|^shoal: .*permission.*locked/i);
  });

  test('a port in use', async () => {
    const { address } = await playTracker();
    const ended = await shoal(['tracker', '--listen', address]);
    expect(ended.status).toBe(6);
    expect(lastLine(ended.stderr)).toContain(address.split(':')[1]);
  });

  test.each([
    ['wrong', 'magnet:?xt=urn:btih:abc'],
    ['cut short', 'shoal:AQBAxCA'],
    ['mistyped', 'shoal:!!!'],
  ])('a ticket that is %s', async (_what, ticket) => {
    const ended = await shoal(['get', ticket, '-o', join(folder, 'never')]);
    expect(ended.status).toBe(25);
    expect(lastLine(ended.stderr)).toMatch(/^shoal: .*ticket/);
    expect(readdirSync(folder)).not.toContain('never');
  });

  test('a good ticket with its end cut off or a letter changed', async () => {
    const { address } = await playTracker();
    const { ticket } = await playOwner(file('content'), address);
    const changed = ticket.slice(0, -6) + (ticket.at(-6) === 'A' ? 'B' : 'A') + ticket.slice(-5);
    for (const bad of [ticket.slice(0, -8), changed]) {
      const ended = await shoal(['get', bad, '-o', join(folder, 'never')]);
      expect(ended.status).toBe(25);
      expect(lastLine(ended.stderr)).toMatch(/copy/);
    }
  });

  test('an unreachable tracker, for each command that needs one', async () => {
    const path = file('lonely');
    const commands = [
      ['share', path, '--tracker', deadTracker, '--timeout', '1'],
      ['ls', '--tracker', deadTracker, '--timeout', '1'],
      ['where', 'x', '--tracker', deadTracker, '--timeout', '1'],
    ];
    for (const ended of await Promise.all(commands.map((args) => shoal(args)))) {
      expect(ended.status).toBe(6);
      expect(lastLine(ended.stderr)).toContain(deadTracker);
    }
  });

  test('a destination that exists stays as it is', async () => {
    const { address } = await playTracker();
    const { ticket } = await playOwner(file('new'), address);
    const taken = join(folder, 'taken');
    writeFileSync(taken, 'mine');
    const ended = await shoal(['get', ticket, '-o', taken]);
    expect(ended.status).toBe(13);
    expect(lastLine(ended.stderr)).toMatch(/taken/);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
  });

  test('nobody who has it: the wait ends, and what is there stays for the next try', async () => {
    const { address } = await playTracker();
    const { owner, ticket } = await playOwner(file('gone'), address);
    await owner.kill();
    const copy = join(folder, 'gone-copy');
    const ended = await shoal(['get', ticket, '-o', copy, '--timeout', '2']);
    expect(ended.status).toBe(4);
    expect(readdirSync(folder)).not.toContain('gone-copy');
  });

  test('an unknown name, and words the program does not know', async () => {
    const { address } = await playTracker();
    expect((await shoal(['where', 'nothing', '--tracker', address])).status).toBe(3);
    const typo = await shoal(['shrae', 'x']);
    expect(typo.status).toBe(2);
    expect(typo.stderr).toContain('share');
    expect((await shoal(['ls', '--tracker', address, '--timeout', 'soon'])).status).toBe(2);
    const slow = await shoal(['get', 'shoal:x', '--limit-down', 'slow']);
    expect([slow.status, slow.stderr]).toEqual([2, expect.stringContaining('500KB')]);
    expect((await shoal(['ls', '--tracker', 'nonsense'])).status).toBe(2);
  });

  test.skipIf(!isRoot)(
    'a full disk (needs root to mount one): exit 9, nothing under the final name, and it goes on later',
    async () => {
      const { address } = await playTracker();
      const { ticket } = await playOwner(file('large', 6_000_000), address);
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
      try {
        const ended = await shoal(['get', ticket, '-o', join(disk, 'copy'), '--timeout', '3']);
        expect(ended.status).toBe(9);
        expect(lastLine(ended.stderr)).toMatch(/full|room|space/i);
        expect(readdirSync(disk)).not.toContain('copy');
        execFileSync('mount', ['-o', 'remount,size=20m', disk]);
        expect((await shoal(['get', ticket, '-o', join(disk, 'copy')])).status).toBe(0);
        expect(readFileSync(join(disk, 'copy'))).toEqual(readFileSync(join(folder, 'large')));
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  test('a ticket for another content leaves the partial copy alone', async () => {
    const { address } = await playTracker();
    const first = await playOwner(file('one'), address);
    const get = play('get', first.ticket, '-o', join(folder, 'same-place'), '--seed');
    await get.next('done');
    const second = await playOwner(file('other'), address);
    const ended = await shoal(['get', second.ticket, '-o', join(folder, 'same-place')]);
    expect(ended.status).toBe(13);
    expect(readFileSync(join(folder, 'same-place'))).toEqual(readFileSync(join(folder, 'one')));
  });
});
