// opentracker, C, as Debian packs it: it serves only the swarms of a list.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, swarmHash } from '../contract.ts';
import { freePort } from './free-port.ts';

const swarmsMax = 1_000;

export async function startOpentracker(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'opentracker-'));
  const list = 'swarms'; // it looks for it in its folder
  writeFileSync(join(folder, list), Array.from({ length: swarmsMax }, (_, i) => `${swarmHash(i, 40)}\n`).join(''));
  const port = await freePort();
  const where = ['-i', '127.0.0.1', '-p', String(port), '-P', String(port)];
  chmodSync(folder, 0o755); // as root it becomes nobody before it reads
  const child = spawn('opentracker', [...where, '-d', folder, '-w', list], { stdio: 'ignore' });
  await once(child, 'spawn'); // fails when it is not installed
  await new Promise((resolve) => setTimeout(resolve, 500)); // it does not say when it listens
  if (child.exitCode !== null) throw new Error(`opentracker ended with ${child.exitCode}`);
  return {
    port,
    pid: child.pid!,
    settle: () => Promise.resolve(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}
