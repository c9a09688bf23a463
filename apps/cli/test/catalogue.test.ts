// The classic centralised catalogue between real processes: three peers share folders 1, 2 and 3; two get one file of the
// first at once, the first gets one back, and one leaves.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { play, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const fileOf = (name: string): Uint8Array => seededRng(name).bytes(700_000);

test('three share, two get one file at once, one gets one back, one leaves', async () => {
  const { address } = await playTracker();
  const at = ['--tracker', address];
  const sharing = await Promise.all(
    ['1', '2', '3'].map(async (name) => {
      const place = join(folder, name);
      mkdirSync(place);
      for (const file of ['a.bin', 'b.bin']) writeFileSync(join(place, file), fileOf(name + file));
      const player = play('share', place, ...at, '--listen', '127.0.0.1:0');
      await player.next('sharing');
      return player;
    }),
  );
  const rows = (await shoal(['ls', ...at])).stdout.split('\n');
  for (const name of ['1', '2', '3']) expect(rows.some((row) => row.startsWith(`${name} `))).toBe(true);
  expect((await shoal(['where', '2', ...at])).stdout).toMatch(/127\.0\.0\.1:\d+ /);
  const swarm = rows
    .find((row) => row.startsWith('2 '))!
    .split(/ +/)
    .at(-1)!; // its beginning is enough
  expect(await shoal(['where', swarm, ...at])).toMatchObject({
    stdout: expect.stringMatching(/127\.0\.0\.1:\d+ /),
    stderr: '2: 1.40 MB in 14 chunks, 1 seeder, 0 leechers\n',
  });
  const wouldGet = await shoal(['get', `${swarm}/a.bin`, ...at, '--dry-run']);
  expect(wouldGet).toMatchObject({ status: 0, stdout: expect.stringContaining('a.bin') });

  const copies = ['second', 'third'].map((name) => join(folder, `${name}'s copy`));
  const got = await Promise.all(copies.map((copy) => shoal(['get', '1/a.bin', ...at, '-o', copy])));
  expect(got.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual([0, 0]);
  for (const copy of copies) expect(readFileSync(join(copy, 'a.bin'))).toEqual(Buffer.from(fileOf('1a.bin')));
  const back = join(folder, 'back');
  expect(await shoal(['get', '2/b.bin', ...at, '-o', back])).toMatchObject({ status: 0 });
  expect(readFileSync(join(back, 'b.bin'))).toEqual(Buffer.from(fileOf('2b.bin')));

  expect(await shoal(['leave', swarm])).toMatchObject({ status: 0, stdout: '2\n' });
  expect(await sharing[1]!.ended()).toBe(0);
  expect((await shoal(['where', '2', ...at])).status).toBe(3);
  expect((await shoal(['get', '2', ...at])).status).toBe(3);
  expect(await shoal(['leave', '2'])).toMatchObject({ status: 3, stderr: expect.stringContaining('shared here: ') });
  expect((await shoal(['leave', '--all'])).stdout.split('\n').toSorted()).toEqual(['', '1', '3']);
  expect((await shoal(['leave'])).status).toBe(3);
});
