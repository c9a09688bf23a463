// The exit statuses that scripts rely on: those of the README are those of the program, and real processes end with the
// ones that are met on the way. (2, 3, 4, 6, 9, 13, 25 and 32 are in bad-input.test.ts and manifests.test.ts.)

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShoalError, seededRng, UsageError } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../src/error-status.ts';
import { exitCodes } from '../src/exit-codes.ts';
import { play, playOwner, playTracker, program, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

test('the README lists all of them, and no others', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const listed = Array.from(readme.matchAll(/^\| ([\d, ]+?) +\|/gm), ([, numbers]) => numbers!.split(', ').map(Number));
  expect(listed.flat()).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
});

test('errors have theirs', () => {
  const statusOf = { authenticationFailed: 24, unfinished: 7, diskFull: 9, verificationFailed: 32 } as const;
  for (const [code, status] of Object.entries(statusOf))
    expect(exitCodeOf(new ShoalError(code as keyof typeof statusOf, ''))).toBe(status);
  expect([exitCodeOf(new UsageError('--x', '')), exitCodeOf(new Error('ours'))]).toEqual([2, 1]);
});

/** An owner that gives slowly enough for a transfer to be stopped half-way. */
async function playSlowOwner(name: string) {
  const path = join(folder, name);
  writeFileSync(path, seededRng(name).bytes(4_000_000));
  const { address } = await playTracker();
  const owner = play('share', path, '--tracker', address, '--listen', '127.0.0.1:0', '--limit-up', '400k');
  return { owner, ticket: String((await owner.next('sharing'))['ticket']) };
}

/** `shoal get` in a process of its own, once some of it has come. */
async function getSome(ticket: string, copy: string, ...options: readonly string[]) {
  const child = spawn(process.execPath, [
    ...program,
    'get',
    ticket,
    '-o',
    copy,
    '--no-discovery',
    '--progress',
    ...options,
  ]);
  let said = '';
  const some = Promise.withResolvers<void>();
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
    if (/[1-9]\d* %/.test(said)) some.resolve();
  });
  const ended = once(child, 'exit').then(([status]) => Number(status));
  await Promise.race([some.promise, ended]);
  return { child, ended, said: () => said };
}

describe('a transfer that ends half-way', () => {
  test('says after Ctrl-C how to go on, ends with 130, and that goes on', async () => {
    const { ticket, owner } = await playSlowOwner('stopped');
    const copy = join(folder, "the stopped one's copy");
    const get = await getSome(ticket, copy);
    get.child.kill('SIGINT');
    expect(await get.ended).toBe(130);
    expect(get.said()).toContain(`shoal get ${ticket} -o '${copy.replace("'", String.raw`'\''`)}'`);
    expect(existsSync(copy)).toBe(false);
    const again = await getSome(ticket, copy);
    expect(again.said()).toContain('are here already');
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(143);
    await owner.stop();
  });

  test('with 7 when nobody is left, since the same command goes on', async () => {
    const { ticket, owner } = await playSlowOwner('left');
    const get = await getSome(ticket, join(folder, 'left-copy'), '--timeout', '2');
    await owner.kill();
    expect(await get.ended).toBe(7);
    expect(get.said()).toContain('run the same command');
  });

  test('waits after one Ctrl-C for what it started, and ends after the second at once', async () => {
    const path = join(folder, 'small');
    writeFileSync(path, seededRng('small').bytes(400_000));
    const { address } = await playTracker();
    const { ticket } = await playOwner(path, address);
    const started = join(folder, 'started');
    const hook = ['--on-complete', `echo $$ > '${started}'; exec sleep 100`];
    const { child, ended } = await getSome(ticket, join(folder, 'small-copy'), ...hook);
    await expect.poll(() => existsSync(started) && readFileSync(started, 'utf8'), { timeout: 60_000 }).toMatch(/\n/);
    child.kill('SIGINT');
    await sleep(600); // sooner, and it would be the echo of the first
    expect(child.exitCode).toBe(null);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    process.kill(Number(readFileSync(started, 'utf8')));
  });
});
