// The machine itself.

import type { Network } from './network.ts';

const self = { address: '127.0.0.1', enter: [] };

export const loopback: Network = {
  name: 'loopback',
  hosts: [self, self],
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
