// node:net: the kernel's TCP, not encrypted.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Transport } from '../contract.ts';
import { connectionOver, overDuplex } from './over-duplex.ts';

export const tcp: Transport = {
  multiplexed: false,
  async listen(host, accept) {
    const server = createServer({ noDelay: true }, (socket) => accept(overDuplex(socket)));
    await once(server.listen(0, host, 4_096), 'listening');
    return { host, port: (server.address() as AddressInfo).port };
  },
  openDialler: (localAddress) =>
    Promise.resolve(async ({ host, port }) => {
      const socket = connect({ host, port, localAddress, noDelay: true });
      await once(socket, 'connect');
      return connectionOver(socket);
    }),
};
