// Short codes between real processes: one sends, several receive by the code, and whoever guesses is told apart.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import type { Player } from '../src/demo/cast.ts';
import { play, playTracker, program, shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

function file(name: string, bytes = 2_000_000): string {
  const path = join(folder, name);
  writeFileSync(path, seededRng(name).bytes(bytes));
  return path;
}

const here = ['--listen', '127.0.0.1:0'];

async function playSender(path: string, tracker: string, ...more: string[]): Promise<{ sender: Player; code: string }> {
  const sender = play('send', path, '--tracker', tracker, ...here, ...more);
  return { sender, code: String((await sender.next('sending'))['code']) };
}

/** The same number with other words. */
const wrongOf = (code: string): string => code.replace(/-.*/, code.endsWith('-zoo') ? '-zoo-zone' : '-zone-zoo');

describe('a short code', () => {
  test('is enough for four receivers at once; the sender ends when they have it all', async () => {
    const { address } = await playTracker();
    const path = file('film');
    const { sender, code } = await playSender(path, address, '--receivers', '4');
    const copies = [1, 2, 3, 4].map((number) => join(folder, `film-${number}`));
    const ended = await Promise.all(
      copies.map((copy) => shoal(['receive', code, '--tracker', address, '-o', copy, ...here])),
    );
    expect(ended.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual([0, 0, 0, 0]);
    for (const copy of copies) expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
    expect(await sender.ended()).toBe(0);
  });

  test('goes on with who has received, when the sender has left', async () => {
    const { address } = await playTracker();
    const path = file('relay');
    const { sender, code } = await playSender(path, address);
    const first = play('receive', code, '--tracker', address, '-o', join(folder, 'relay-1'), '--seed', ...here);
    await first.next('answering');
    await sender.stop();
    const copy = join(folder, 'relay-2');
    const late = await shoal(['receive', code, '--tracker', address, '-o', copy, ...here]);
    expect(late).toMatchObject({ status: 0, stdout: `${copy}\n` });
    expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
  });

  test('that is wrong costs a try, which is told on both sides, and ends with 24', async () => {
    const { address } = await playTracker();
    const { sender, code } = await playSender(file('secret'), address, '--tries', '2');
    const guess = (): ReturnType<typeof shoal> =>
      shoal(['receive', wrongOf(code), '--tracker', address, '-o', join(folder, 'never'), ...here]);
    const heard = sender.next('guessed');
    const first = await guess();
    expect(first).toMatchObject({ status: 24, stdout: '' });
    expect(first.stderr).toMatch(/the code is wrong; 1 try is left there/);
    expect(await heard).toMatchObject({ triesLeft: 1 });
    expect((await guess()).status).toBe(24);
    expect(await sender.ended()).toBe(24);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  test('that nobody answers for ends with 3, and without a tracker that answers with 6', async () => {
    const { address } = await playTracker();
    const nobody = await shoal(['receive', '4821-coral-walnut', '--tracker', address, '--timeout', '2', ...here]);
    expect(nobody.status).toBe(3);
    expect(nobody.stderr).toMatch(/nobody answers for 4821-coral-walnut/);
    const dead = ['receive', '4821-coral-walnut', '--tracker', '127.0.0.1:9', '--timeout', '2', ...here];
    expect((await shoal(dead)).status).toBe(6);
  });

  test('that expired ends the sender with 4 when nobody has it', async () => {
    const { address } = await playTracker();
    const { sender } = await playSender(file('old'), address, '--expires', '1s');
    expect(await sender.ended()).toBe(4);
  });

  test('is taken from stdin or a variable, and a mistyped one is put right before it costs a try', async () => {
    const typo = await shoal(['receive', '4821-corral-walnut', '--tracker', '127.0.0.1:9']);
    expect(typo).toMatchObject({ status: 2, stderr: expect.stringMatching(/"corral" .*is it "coral"\?/) });
    expect(await shoal(['receive'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('type what `shoal send` printed'),
    });
    const env = { ...process.env, SHOAL_CODE: 'nonsense' };
    const told = (...args: string[]): string => {
      const words = [...program, 'receive', ...args];
      return spawnSync(process.execPath, words, { input: '4821-coral-wallnut\n', encoding: 'utf8', env }).stderr;
    };
    expect(told('-')).toContain('is it "walnut"?');
    expect(told()).toContain('four digits');
  });

  test('does not show in the list of files', async () => {
    const { address } = await playTracker();
    await playSender(file('listed'), address);
    const { stdout } = await shoal(['ls', '--tracker', address]);
    expect(stdout.split('\n').slice(2, -1)).toMatchObject([expect.stringContaining('listed')]);
  });

  test('needs a way to be found', async () => {
    expect(await shoal(['send', folder])).toMatchObject({ status: 2, stderr: expect.stringContaining('--tracker') });
  });
});

/** Whether this user may make a network of its own. */
function canMakeNetwork(): boolean {
  const made = spawnSync('unshare', ['-n', 'ip', 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1']);
  return made.status === 0;
}

const works = process.platform === 'linux' && canMakeNetwork();
if (!works) process.stdout.write('codes: the local network without a tracker skipped: needs root and iproute2\n');

test.skipIf(!works)('without any tracker a code is found on the local network', () => {
  const path = file('local');
  const copy = join(folder, 'local-copy');
  const run = [process.execPath, ...program].map((word) => `'${word}'`).join(' ');
  const script = `
    ip link set lo up; ip link add lan0 type veth peer name lan1; ip addr add 10.99.0.1/24 dev lan0; ip link set lan0 up; ip link set lan1 up
    ip route add 224.0.0.0/4 dev lan0
    ${run} send '${path}' --receivers 1 > '${copy}.code' & sender=$!
    while [ ! -s '${copy}.code' ]; do sleep 0.05; done
    ${run} receive "$(cat '${copy}.code')" -o '${copy}' --timeout 20 && wait $sender`;
  execFileSync('unshare', ['-n', 'sh', '-c', script], { stdio: 'pipe', timeout: 100_000 });
  expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
});
