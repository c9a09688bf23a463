// Ours as users have it: the built command line, with a tracker of its own in a third process.

import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from '../../transport/networks/network.ts';
import type { Content, Program, Receiver, Serving, Setting } from '../contract.ts';
import { Running } from '../running.ts';

const program = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));

export const ours: Program = {
  /** Builds what is not built, or is out of date. */
  whyNot() {
    const { status, stdout, error } = spawnSync('nx', ['run', 'shoal:build'], { encoding: 'utf8' });
    return status === 0 ? undefined : (error?.message ?? `it does not build: ${stdout.trim()}`);
  },

  async serve({ path }: Content, { trackerHost, senderHost }: Setting): Promise<Serving> {
    await using starting = new AsyncDisposableStack();
    const tracker = starting.use(shoal(trackerHost, 'tracker', '--http', 'off', '--log-level', 'error'));
    const at = await tracker.says(field('listening', 'address'));
    const sender = starting.use(shoal(senderHost, 'share', path, '--tracker', at));
    const ticket = await sender.says(field('sharing', 'ticket'));
    const processes = starting.move();
    return {
      senderPid: sender.pid,
      get(host, folder): Receiver {
        const receiver = shoal(host, 'get', ticket, '--seed', '-o', join(folder, basename(path)));
        const { pid } = receiver;
        const done = receiver.says(field('done', 'event'));
        return { pid, done, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
      },
      [Symbol.asyncDispose]: () => processes.disposeAsync(),
    };
  },
};

const shoal = (host: Host, ...words: string[]): Running =>
  new Running(host, process.execPath, program, ...words, '--json', '--listen', `${host.address}:0`);

const field =
  (event: string, name: string) =>
  (line: string): string | undefined => {
    const told = JSON.parse(line) as Record<string, string>;
    return told.event === event ? told[name] : undefined;
  };
