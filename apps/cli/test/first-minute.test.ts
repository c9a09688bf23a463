// The first minute of use, between real processes: tracker, share, get, ls, where.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { digestContent } from '../src/demo/digest.ts';
import { playOwner, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

describe('the first minute', () => {
  test('a folder shared by one is fetched by two at once, listed and located', async () => {
    const photos = join(folder, 'photos');
    mkdirSync(join(photos, 'summer'), { recursive: true });
    writeFileSync(join(photos, 'summer', 'sea.raw'), seededRng('sea').bytes(3_000_000));
    writeFileSync(join(photos, 'notes.txt'), 'grüße');
    writeFileSync(join(photos, 'empty'), '');
    const { address } = await playTracker();
    const { ticket } = await playOwner(photos, address);
    expect(ticket).toMatch(/^shoal:[\w-]+$/);

    const copies = ['copy-1', 'copy-2'].map((name) => join(folder, name));
    const got = await Promise.all(copies.map((copy) => shoal(['get', ticket, '-o', copy])));
    expect(got.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual([0, 0]);
    const shared = await digestContent(photos);
    for (const copy of copies) expect(await digestContent(copy)).toEqual(shared);
    expect(readFileSync(join(copies[0]!, 'empty'))).toHaveLength(0);

    const why = await shoal(['why', 'photos', '--json']);
    expect(why.status).toBe(0);
    const told = JSON.parse(why.stdout.trim().split('\n').at(-1)!) as { elapsedMs: number; holdups: object };
    const went = Object.values(told.holdups).reduce((sum: number, ms: number) => sum + ms, 0);
    expect(went).toBeCloseTo(told.elapsedMs, 3);
    expect(await shoal(['why', 'nothing-like-it'])).toMatchObject({ status: 3, stdout: '' });

    const list = await shoal(['ls', '--tracker', address]);
    expect(list.status).toBe(0);
    expect(list.stdout).toContain('photos');
    const where = await shoal(['where', 'photos', '--tracker', address]);
    expect(where.status).toBe(0);
    expect(where.stdout).toMatch(/127\.0\.0\.1:\d+/);
  });

  test('a single byte under a name with spaces and letters of any script travels too', async () => {
    const { address } = await playTracker();
    const odd = join(folder, 'zwei Wörter 数据');
    writeFileSync(odd, 'x');
    const { ticket } = await playOwner(odd, address);
    const copy = join(folder, 'odd-copy');
    expect(await shoal(['get', ticket, '-o', copy])).toMatchObject({ status: 0, stdout: `${copy}\n` });
    expect(readFileSync(copy, 'utf8')).toBe('x');
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});
