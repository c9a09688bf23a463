// `shoal get --update` onto an older version, between real processes: only what changed crosses.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { digestContent } from '../src/demo/digest.ts';
import { play, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const [older, newer] = [join(folder, 'older'), join(folder, 'newer')];

/** Bytes that a `get` brought, and those it had before. */
function accountOf(stdout: string): { fetched: number; resumed: number } {
  const done = JSON.parse(stdout.trim().split('\n').at(-1)!) as { from: { bytes: number }[]; resumedBytes: number };
  return { fetched: done.from.reduce((sum, { bytes }) => sum + bytes, 0), resumed: done.resumedBytes };
}

describe('an update', () => {
  test('fetches what changed, and only with --update', async () => {
    mkdirSync(join(older, 'docs'), { recursive: true });
    writeFileSync(join(older, 'big.bin'), seededRng('big').bytes(4_000_000));
    writeFileSync(join(older, 'docs', 'guide'), seededRng('guide').bytes(1_000_000));
    cpSync(older, newer, { recursive: true });
    writeFileSync(join(newer, 'big.bin'), Buffer.concat([Buffer.of(1), readFileSync(join(older, 'big.bin'))]));
    cpSync(join(newer, 'docs', 'guide'), join(newer, 'guide.old'));
    rmSync(join(newer, 'docs'), { recursive: true });

    const { address } = await playTracker();
    const owner = play('share', newer, '--content-defined', '--tracker', address, '--listen', '127.0.0.1:0');
    const ticket = String((await owner.next('sharing'))['ticket']);
    expect((await shoal(['get', ticket, '-o', older])).status).toBe(13);
    const got = await shoal(['get', ticket, '-o', older, '--update', '--json']);
    expect(got).toMatchObject({ status: 0 });
    const { fetched, resumed } = accountOf(got.stdout);
    expect(fetched).toBeLessThan(200_000);
    expect(fetched + resumed).toBe(5_000_001);
    expect(await digestContent(older)).toEqual(await digestContent(newer));
  });
});
