// Hyperdrive over its own swarm: encrypted, over udx, every block verified. What arrives is kept in its store, from which the
// receiver serves on, and is written out as files beside it.

import { existsSync, mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from '../../transport/networks/network.ts';
import type { Content, Program, Receiver, Serving, Setting } from '../contract.ts';
import { Running } from '../running.ts';

const side = fileURLToPath(new URL('hyperdrive-side.mjs', import.meta.url));
const installed = new URL('../../node_modules/hyperdrive/package.json', import.meta.url);

export const hyperdrive: Program = {
  whyNot: () => (existsSync(installed) ? undefined : 'missing: the npm package hyperdrive'),

  async serve({ path }: Content, { trackerHost, senderHost, scratch }: Setting): Promise<Serving> {
    await using starting = new AsyncDisposableStack();
    const storage = (): string => mkdtempSync(join(scratch, 'hyperdrive-'));
    const introducer = starting.use(start(trackerHost, 'introduce'));
    const bootstrap = await introducer.says(all);
    const sender = starting.use(start(senderHost, 'own', bootstrap, storage(), dirname(path)));
    const key = await sender.says(all);
    const processes = starting.move();
    return {
      senderPid: sender.pid,
      get(host, folder): Receiver {
        const receiver = start(host, 'get', bootstrap, storage(), folder, key);
        const { pid } = receiver;
        return { pid, done: receiver.says(all), [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
      },
      [Symbol.asyncDispose]: () => processes.disposeAsync(),
    };
  },
};

const start = (host: Host, role: string, ...words: string[]): Running =>
  new Running(host, process.execPath, side, role, host.address, ...words);

/** It says one line only. */
const all = (line: string): string => line;
