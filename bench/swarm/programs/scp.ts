// OpenSSH's copy from this machine to itself: encrypted, its receiver told where the sender is, verified by its MACs.
// Only where sshd lets us in without a question; nothing is set up for it.

import { spawnSync } from 'node:child_process';
import type { Program, Receiver } from '../contract.ts';
import { Running } from '../running.ts';

const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=2'] as const;

export const scp: Program = {
  whyNot() {
    const { error, status, stderr } = spawnSync('ssh', [...options, '127.0.0.1', 'true'], { encoding: 'utf8' });
    return error?.message ?? (status === 0 ? undefined : stderr.trim());
  },
  serve: ({ path }, { senderHost }) =>
    Promise.resolve({
      senderPid: undefined,
      get(host, folder): Receiver {
        const copying = new Running(host, 'scp', ...options, '-q', '-r', `${senderHost.address}:${path}`, folder);
        const { pid, ended } = copying;
        return { pid, done: ended, [Symbol.asyncDispose]: () => copying[Symbol.asyncDispose]() };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};
