// udx-native, and with `secret` the Noise stream of @hyperswarm/secret-stream over it: what Hypercore's network uses.
// udx has no handshake; stream numbers are exchanged in two datagrams, as hyperdht does in more.

import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import type { Transport } from '../contract.ts';
import { loadPeer, socketBufferBytes } from './load-peer.ts';
import { connectionOver, overDuplex } from './over-duplex.ts';

interface UdxStream extends Duplex {
  readonly id: number;
  connect(socket: UdxSocket, remoteId: number, port: number, host: string): void;
}

interface UdxSocket {
  bind(port: number, host: string): void;
  address(): { host: string; port: number };
  setRecvBufferSize(bytes: number): void;
  setSendBufferSize(bytes: number): void;
  send(bytes: Uint8Array, port: number, host: string): Promise<boolean>;
  on(event: 'message', handle: (bytes: Buffer, from: { host: string; port: number }) => void): void;
}

type Udx = new () => { createSocket(): UdxSocket; createStream(id: number): UdxStream };
type SecretStream = new (initiator: boolean, raw: Duplex) => Duplex;

export function udx({ secret }: { secret: boolean }): Transport {
  const library = new (loadPeer('udx-native') as Udx)();
  const Secret = secret ? (loadPeer('@hyperswarm/secret-stream') as SecretStream) : undefined;
  let streamsMade = 0;
  const newStream = (): UdxStream => library.createStream((streamsMade += 1));
  const secured = (raw: UdxStream, initiator: boolean): Duplex => (Secret ? new Secret(initiator, raw) : raw);
  return {
    multiplexed: false,
    listen(host, accept) {
      const socket = bound(library.createSocket(), host);
      socket.on('message', (hello, from) => {
        const raw = newStream();
        raw.connect(socket, hello.readUInt32LE(0), from.port, from.host);
        accept(overDuplex(secured(raw, false)));
        void socket.send(numbers(hello.readUInt32LE(0), raw.id), from.port, from.host);
      });
      return Promise.resolve({ host, port: socket.address().port });
    },
    openDialler(host) {
      const socket = bound(library.createSocket(), host);
      const answered = new Map<number, (remoteId: number) => void>();
      socket.on('message', (reply) => answered.get(reply.readUInt32LE(0))?.(reply.readUInt32LE(4)));
      return Promise.resolve(async ({ host, port }) => {
        const raw = newStream();
        const reply = new Promise<number>((resolve) => answered.set(raw.id, resolve));
        void socket.send(numbers(raw.id), port, host);
        raw.connect(socket, await reply, port, host);
        answered.delete(raw.id);
        const stream = secured(raw, true);
        if (secret) await once(stream, 'connect');
        return connectionOver(stream);
      });
    },
  };
}

function bound(socket: UdxSocket, host: string): UdxSocket {
  socket.bind(0, host);
  socket.setRecvBufferSize(socketBufferBytes);
  socket.setSendBufferSize(socketBufferBytes);
  return socket;
}

const numbers = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
