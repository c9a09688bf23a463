// utp-native: libutp, BitTorrent's transport (BEP 29). With the default socket buffers it moves a few MB/s; enlarged.

import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import type { Transport } from '../contract.ts';
import { loadPeer, socketBufferBytes } from './load-peer.ts';
import { connectionOver, overDuplex } from './over-duplex.ts';

interface UtpSocket {
  bind(port: number, host: string): void;
  listen(port: number, host: string): void;
  connect(port: number, host: string): Duplex;
  address(): { port: number };
  setRecvBufferSize(bytes: number): void;
  setSendBufferSize(bytes: number): void;
  on(event: 'connection', accept: (connection: Duplex) => void): void;
}

export function utp(): Transport {
  const createSocket = loadPeer('utp-native') as () => UtpSocket;
  return {
    multiplexed: false,
    listen(host, accept) {
      const socket = createSocket();
      socket.on('connection', (connection) => accept(overDuplex(connection)));
      socket.listen(0, host);
      return Promise.resolve({ host, port: enlarged(socket).address().port });
    },
    openDialler(host) {
      const socket = createSocket();
      socket.bind(0, host);
      enlarged(socket);
      return Promise.resolve(async ({ host, port }) => {
        const connection = socket.connect(port, host);
        await once(connection, 'connect');
        return connectionOver(connection);
      });
    },
  };
}

function enlarged(socket: UtpSocket): UtpSocket {
  socket.setRecvBufferSize(socketBufferBytes);
  socket.setSendBufferSize(socketBufferBytes);
  return socket;
}
