// Peers of a network that has nothing but IPv6 find one another on it, in a namespace with such an interface.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { temporaryFolder } from './programs.ts';

// Both ends of a cable, one of them with an address.
const network = [
  'ip link set lo up',
  'ip link add lan0 type veth peer name lan1',
  'ip link set lan1 addrgenmode none up',
  'ip link set lan0 addrgenmode none up',
  'ip addr add fe80::5/64 dev lan0 nodad',
].join(' && ');

const inNetwork = (command: string, ...args: readonly string[]) =>
  spawnSync('unshare', ['--net', 'sh', '-c', `${network} && ${command}`, 'sh', ...args], {
    encoding: 'utf8',
  });

const works = process.platform === 'linux' && inNetwork('true').status === 0;
if (!works) process.stdout.write('lan: skipped, since it takes root, unshare and ip to make a network\n');

test.skipIf(!works)('peers find each other by IPv6 alone', () => {
  const folder = temporaryFolder();
  const content = seededRng('lan').bytes(200_000);
  writeFileSync(join(folder, 'content'), content);
  const program = join(import.meta.dirname, 'programs', 'lan-pair.ts');
  const { stdout, stderr } = inNetwork('exec "$@"', process.execPath, '--conditions=@shoal/source', program, folder);
  expect({ stdout, stderr }).toEqual({ stdout: '["fe80::5%lan0"]', stderr: '' });
  expect(readFileSync(join(folder, 'copy')).equals(content)).toBe(true);
});
