// opentracker, C, as Debian packs it: it serves only the swarms of a list.

import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loopback } from '../../transport/networks/loopback.ts';
import { type Host, onHost } from '../../transport/networks/network.ts';
import { type Server, swarmHash } from '../contract.ts';
import { freePort } from './free-port.ts';

const numbered = Array.from({ length: 1_000 }, (_, i) => swarmHash(i, 40));

interface Options {
  readonly host?: Host;
  /** Info hashes in hexadecimal. */
  readonly swarms?: readonly string[];
}

export async function startOpentracker({ host = loopback.hosts[0], swarms = numbered }: Options = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'opentracker-'));
  const list = 'swarms'; // it looks for it in its folder
  writeFileSync(join(folder, list), swarms.map((hash) => `${hash}\n`).join(''));
  const port = await freePort();
  const where = ['-i', host.address, '-p', String(port), '-P', String(port)];
  chmodSync(folder, 0o755); // as root it becomes nobody before it reads
  const [command, ...args] = onHost(host, 'opentracker', ...where, '-d', folder, '-w', list);
  const child = spawn(command, args, { stdio: 'ignore' });
  await once(child, 'spawn'); // fails when it is not installed
  await new Promise((resolve) => setTimeout(resolve, 500)); // it does not say when it listens
  if (child.exitCode !== null) throw new Error(`opentracker ended with ${child.exitCode}`);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    port,
    pid: child.pid!,
    settle: () => Promise.resolve(),
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      kill();
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}
