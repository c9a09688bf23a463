// `shoal get` of some files, to standard output, and from fixed neighbours, between real processes.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { beforeAll, describe, expect, test } from 'vitest';
import { play, playOwner, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const set = join(folder, 'set');

beforeAll(() => {
  mkdirSync(join(set, 'notes'), { recursive: true });
  writeFileSync(join(set, 'a.bin'), seededRng('a').bytes(400_000));
  writeFileSync(join(set, 'notes', 'b.txt'), 'to be read\n'.repeat(20_000));
});

describe('choosing', () => {
  test('only the files selected are made', async () => {
    const { ticket } = await playOwner(set, (await playTracker()).address);
    const copy = join(folder, 'selected');
    expect(await shoal(['get', ticket, '-o', copy, '--select', '*.txt', '--sequential'])).toMatchObject({ status: 0 });
    expect(readdirSync(copy)).toEqual(['notes']);
    const nothing = await shoal(['get', ticket, '-o', join(folder, 'nothing'), '--select', '*.mp3']);
    expect(nothing.status).toBe(3);
    expect(nothing.stderr).toContain('none of the files selected; --dry-run lists its files');
  });

  test('one file goes to standard output, and is not kept', async () => {
    const { ticket } = await playOwner(set, (await playTracker()).address);
    const got = await shoal(['get', ticket, '--stdout', '--select', 'b.txt']);
    expect(got.status).toBe(0);
    expect(got.stdout).toBe(readFileSync(join(set, 'notes', 'b.txt'), 'utf8'));
    const several = await shoal(['get', ticket, '--stdout']);
    expect(several.status).toBe(3);
    expect(several.stderr).toContain('name one of them; --dry-run lists its files');
    expect(JSON.parse((await shoal(['why', '--json'])).stdout)).toMatchObject({ state: 'ended' });
    expect((await shoal(['get', ticket, '--stdout', '--json'])).status).toBe(2);
  });

  test('a neighbour is asked though no tracker is there', async () => {
    const { tracker, address } = await playTracker();
    const { owner, ticket } = await playOwner(set, address);
    await tracker.stop();
    const first = play('get', ticket, '-o', join(folder, 'first'), '--seed', '--listen', '127.0.0.1:0');
    const { address: neighbour } = await first.next('joining');
    await first.next('done');
    await owner.stop();
    const copy = join(folder, 'second');
    expect((await shoal(['get', ticket, '-o', copy, '--neighbour', String(neighbour)])).status).toBe(0);
    expect(readFileSync(join(copy, 'a.bin')).equals(readFileSync(join(set, 'a.bin')))).toBe(true);
  });
});
