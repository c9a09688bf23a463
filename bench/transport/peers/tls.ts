// node:tls over TCP: TLS 1.3 with AES-128-GCM, its fastest cipher on machines with AES instructions. The server proves
// who it is; the dialling side, as is usual with TLS, does not.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { Transport } from '../contract.ts';
import { connectionOver, overDuplex } from './over-duplex.ts';

const identity = readFileSync(new URL('tls-identity.pem', import.meta.url));
const options = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;

export const tls: Transport = {
  multiplexed: false,
  async listen(host, accept) {
    const server = createServer({ ...options, key: identity, cert: identity, noDelay: true }, (socket) =>
      accept(overDuplex(socket)),
    );
    await once(server.listen(0, host, 4_096), 'listening');
    return { host, port: (server.address() as AddressInfo).port };
  },
  openDialler: (localAddress) =>
    Promise.resolve(async ({ host, port }) => {
      const name = { checkServerIdentity: () => undefined }; // the certificate must be ours, its name is nobody's
      const socket = connect({
        ...options,
        ...name,
        ca: identity,
        socket: connectTcp({ host, port, localAddress, noDelay: true }),
      });
      await once(socket, 'secureConnect');
      return connectionOver(socket);
    }),
};
