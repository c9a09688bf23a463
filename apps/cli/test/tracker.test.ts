// A tracker as its operator sees it: what it keeps, what it tells over HTTP, who may use it, what it is told wrongly.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { play, playOwner, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A tracker on loopback: where peers and where browsers reach it. */
async function playTracker(...args: readonly string[]) {
  const tracker = play('tracker', '--listen', '127.0.0.1:0', ...args);
  const { address, http } = await tracker.next('listening');
  return { tracker, address: String(address), http: String(http) };
}

const read = async (url: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

describe('a tracker with a file', () => {
  test('killed and started again, knows who had registered', async () => {
    const store = `file:${join(folder, 'state', 'tracker.db')}`;
    const first = await playTracker('--store', store);
    await playOwner(file('kept', 'content that is kept'), first.address);
    await expect.poll(async () => (await read(`${first.http}/files`)).text).toContain('"seeders":1');
    await first.tracker.kill();
    const { tracker } = await playTracker('--store', store, '--listen', first.address);
    const where = await shoal(['where', 'kept', '--tracker', first.address]);
    expect(where).toMatchObject({ status: 0, stdout: expect.stringMatching(/127\.0\.0\.1:\d+/) });
    const second = await shoal(['tracker', '--listen', '0', '--store', store]);
    expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining('another tracker has it open') });
    await tracker.stop();
  });
});

describe('a tracker over HTTP', () => {
  test('tells health, numbers and its table', async () => {
    const { address, http } = await playTracker();
    await playOwner(file('seen', 'content that is seen'), address);
    expect(await read(`${http}/healthz`)).toEqual({ status: 200, text: '{"ok":true}\n' });
    expect((await read(`${http}/readyz`)).status).toBe(200);
    await expect.poll(async () => (await read(`${http}/files`)).text).toContain('"seeders":1');
    const [listed] = JSON.parse((await read(`${http}/files?filter=see`)).text).files;
    const { peers, file: located } = JSON.parse((await read(`${http}/files/${listed.swarm}`)).text);
    expect([located.name, peers[0].chunks]).toEqual(['seen', 'all']);
    expect((await read(`${http}/metrics`)).text).toMatch(/^shoal_tracker_peers 1$/m);
    for (const page of ['/files/none', '/nothing', `/files/${listed.swarm}/claims`, '/%'])
      expect((await read(http + page)).status).toBe(404);
  });

  test('is not there when it is off', async () => {
    const { http } = await playTracker('--http', 'off');
    expect(http).toBe('undefined');
  });
});

describe('a private tracker', () => {
  test('talks to those who have the key', async () => {
    const key = file('key', `${'5a'.repeat(32)}\n`);
    const { address } = await playTracker('--private', '--psk-file', key);
    expect((await shoal(['ls', '--tracker', address, '--psk-file', key])).status).toBe(0);
    expect((await shoal(['ls', '--tracker', address, '--timeout', '5'])).status).toBe(24);
  });

  test('closes the door on whoever is not on its list', async () => {
    const allowed = file('allowed', `# nobody we know\n${'ab'.repeat(32)}\n`);
    const { address } = await playTracker('--private', '--allow', allowed);
    expect((await shoal(['ls', '--tracker', address, '--timeout', '5'])).status).toBe(24);
  });
});

describe('a tracker told wrongly', () => {
  test.each([
    [['--private'], '--allow'],
    [['--psk-file', 'x'], '--private'],
    [['--store', 'postgres://x'], 'redis://'],
    [['--quorum', '0'], '--quorum'],
    [['--log-level', 'loud'], 'debug'],
    [['--http', 'nowhere'], '--http'],
  ])('%s', async (args, told) => {
    const ended = await shoal(['tracker', '--listen', '127.0.0.1:0', ...args]);
    expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining(told) });
  });

  test('by its config file; one that is right is obeyed', async () => {
    const wrong = await shoal(['tracker', '--config', file('wrong.json', '{ "liston": 7070 }')]);
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('liston') });
    const right = file('right.json', JSON.stringify({ http: 'off', listen: '7070', ttl: 30 }));
    const { http } = await playTracker('--config', right);
    expect(http).toBe('undefined');
  });
});
