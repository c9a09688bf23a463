// A manifest without serving: made, described, compared with what is here, and asked of peers by a ticket.

import { appendFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { beforeAll, describe, expect, test } from 'vitest';
import { playOwner, playTracker, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const set = join(folder, 'set');
const manifest = join(folder, 'set.manifest');
let ticket: string;

beforeAll(async () => {
  mkdirSync(join(set, 'sub'), { recursive: true });
  writeFileSync(join(set, 'a.bin'), seededRng('a').bytes(300_000));
  writeFileSync(join(set, 'sub', 'b.txt'), 'b');
  ticket = (await shoal(['create', set, '-o', manifest, '--tracker', '10.0.0.1:7070'])).stdout.trim();
});

describe('create', () => {
  test('writes the manifest, never in the place of something else', async () => {
    expect(ticket).toMatch(/^shoal:/);
    expect(await shoal(['create', set, '-o', manifest])).toMatchObject({ status: 13, stdout: '' });
    expect((await shoal(['create', set, '-o', join(folder, 'none', 'x')])).status).toBe(3);
  });
});

describe('info', () => {
  test('describes a ticket and a manifest, which are of one swarm', async () => {
    const ofTicket = await shoal(['info', ticket]);
    const ofManifest = await shoal(['info', manifest]);
    expect(ofTicket.stdout).toContain('tracker  10.0.0.1:7070');
    expect(ofManifest.stdout).toMatch(/sub\/b\.txt +1 B/);
    const swarm = /swarm +([0-9a-f]{64})/;
    expect(swarm.exec(ofTicket.stdout)![1]).toBe(swarm.exec(ofManifest.stdout)![1]);
    expect((await shoal(['info', join(set, 'a.bin')])).status).toBe(25);
    expect((await shoal(['info', join(folder, 'none')])).status).toBe(3);
  });
});

describe('verify', () => {
  test('says so when all is well, and ends with 32 and names when it is not', async () => {
    const copy = join(folder, 'copy');
    cpSync(set, copy, { recursive: true });
    expect((await shoal(['verify', copy, manifest])).status).toBe(0);
    appendFileSync(join(copy, 'sub', 'b.txt'), 'c');
    const ended = await shoal(['verify', copy, manifest]);
    expect(ended.status).toBe(32);
    expect(ended.stderr).toContain('sub/b.txt is damaged');
  });

  test('asks the peers of a ticket for its manifest; so does a dry run, which fetches nothing', async () => {
    const { address } = await playTracker();
    const owner = await playOwner(set, address);
    expect((await shoal(['verify', set, owner.ticket])).status).toBe(0);
    const before = readdirSync(folder).toSorted();
    const dry = await shoal(['get', owner.ticket, '-o', join(folder, 'dry'), '--select', 'sub/**', '--dry-run']);
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('sub/b.txt');
    expect(dry.stdout).not.toContain('a.bin');
    expect(readdirSync(folder).toSorted()).toEqual(before);
    await owner.owner.stop();
    expect((await shoal(['verify', set, owner.ticket, '--timeout', '1'])).status).toBe(4);
  });
});
