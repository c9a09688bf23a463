import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { type Happening, parseRecording } from '@shoal/visualizer';
import { expect, test } from 'vitest';
import { playOwner, playTracker, shoal, temporaryFolder } from '../programs.ts';

const folder = temporaryFolder();
const content = join(folder, 'content.bin');
writeFileSync(content, seededRng('content').bytes(3_000_000));

const opened = (path: string): readonly Happening[] => {
  const read = parseRecording(readFileSync(path, 'utf8'));
  if (!read.ok) throw new Error(read.detail);
  return read.value.happenings;
};

test('a demo is recorded as one swarm: by the names of its processes, in the order of time', async () => {
  const path = join(folder, 'demo.ndjson');
  expect(await shoal(['demo', content, '--receivers', '2', '--record', path])).toMatchObject({ status: 0 });
  const happenings = opened(path);
  const of = <Kind extends Happening['kind']>(kind: Kind): Extract<Happening, { kind: Kind }>[] =>
    happenings.filter((happening): happening is Extract<Happening, { kind: Kind }> => happening.kind === kind);
  expect(of('content')).toMatchObject([{ name: 'content.bin', bytes: 3_000_000, atMs: 0 }]);
  const { chunkCount } = of('content')[0]!;
  expect(new Set(of('came').map(({ label }) => label))).toEqual(new Set(['owner', 'receiver 1', 'receiver 2']));
  for (const name of ['receiver 1', 'receiver 2']) {
    const held = of('held').filter(({ peer }) => peer === name);
    expect(new Set(held.map(({ chunk }) => chunk)).size).toBe(chunkCount);
    for (const { from } of held) expect(['owner', 'receiver 1', 'receiver 2']).toContain(from);
    expect(of('completed')).toContainEqual(expect.objectContaining({ peer: name }));
    expect(of('why').findLast(({ peer }) => peer === name)!.sharesMs).toHaveProperty('path');
  }
  expect(of('link').length).toBeGreaterThan(0);
});

test('a transfer is recorded whole, and into no file that is there', async () => {
  const { address } = await playTracker();
  const { ticket } = await playOwner(content, address);
  const path = join(folder, 'get.ndjson');
  const get = (name: string) => shoal(['get', ticket, '-o', join(folder, name), '--record', path]);
  expect(await get('copy')).toMatchObject({ status: 0 });
  const happenings = opened(path);
  expect(happenings.filter(({ kind }) => kind === 'held').length).toBeGreaterThan(20);
  expect(happenings.some(({ kind }) => kind === 'completed')).toBe(true);
  const again = await get('other');
  expect([again.status, again.stderr]).toEqual([13, expect.stringContaining(`--record: ${path} exists`)]);
  expect(existsSync(join(folder, 'other'))).toBe(false);
});

test('what is no recording is not shown', async () => {
  const wrong = await shoal(['view', content, '--no-open']);
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining(`${content} is no recording of shoal`)]);
  const missing = await shoal(['view', join(folder, 'nothing'), '--no-open']);
  expect([missing.status, missing.stderr]).toEqual([3, expect.stringContaining('does not exist')]);
});
