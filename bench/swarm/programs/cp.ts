// No transfer at all, and nothing verified: what reading and writing the content takes here, from no process to another.

import type { Program, Receiver } from '../contract.ts';
import { Running } from '../running.ts';

export const cp: Program = {
  whyNot: () => undefined,
  serve: ({ path }) =>
    Promise.resolve({
      senderPid: undefined,
      get(host, folder): Receiver {
        const copying = new Running(host, 'cp', '-r', path, folder);
        const { pid, ended } = copying;
        return { pid, done: ended, [Symbol.asyncDispose]: () => copying[Symbol.asyncDispose]() };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};
