// The demo as its users run it: to the end, with one process killed on the way, and stopped by Ctrl-C.

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { program, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const film = join(folder, 'film');
writeFileSync(film, seededRng('film').bytes(40_000_000));

interface Demo {
  readonly status: number | null;
  readonly events: readonly ({ event: string } & Record<string, unknown>)[];
  readonly left: string[];
}

/** Runs the demo with a temporary folder of its own; `interruptAt` names the event that is answered by Ctrl-C. */
async function demo(name: string, args: readonly string[], interruptAt?: string): Promise<Demo> {
  const temporary = join(folder, name);
  mkdirSync(temporary);
  const child = spawn(process.execPath, [...program, 'demo', film, '--json', ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const events: Demo['events'][number][] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as Demo['events'][number];
    events.push(event);
    if (event.event === interruptAt) child.kill('SIGINT');
  });
  const status = await new Promise<number | null>((resolve) => void child.once('close', resolve));
  return { status, events, left: readdirSync(temporary) };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const pidsOf = ({ events }: Demo): number[] =>
  events.filter(({ event }) => event === 'started').map((event) => Number(event['pid']));

describe('demo', () => {
  test('every copy is right, and the report says who got what from whom', async () => {
    const run = await demo('plain', ['--receivers', '3']);
    expect(run.status).toBe(0);
    const report = run.events.find(({ event }) => event === 'report');
    expect(report).toMatchObject({ right: true });
    expect(report?.['text']).toContain('all 3 identical');
    expect(report?.['text']).toContain('from fellow receivers');
    expect(run.left).toEqual([]);
    expect(pidsOf(run)).toHaveLength(5);
  });

  test.each(['receiver', 'tracker'])('goes on when the %s is killed half-way', async (victim) => {
    const run = await demo(`kill-${victim}`, ['--receivers', '3', '--kill', victim]);
    expect(run.status).toBe(0);
    expect(run.events.find(({ event }) => event === 'report')?.['text']).toContain('ended by SIGKILL');
  });

  test('something that is not there is said in one line, as `share` would', async () => {
    const ended = await shoal(['demo', join(folder, 'nowhere')]);
    expect(ended.status).toBe(3);
    expect(ended.stderr.trim().split('\n').at(-1)).toMatch(/^shoal: owner: .*nowhere/);
  });

  test('Ctrl-C leaves no process and no folder behind', async () => {
    const run = await demo('interrupted', ['--receivers', '3'], 'moving');
    expect(run.status).toBe(130);
    expect(run.left).toEqual([]);
    const pids = pidsOf(run);
    expect(pids).toHaveLength(5);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
