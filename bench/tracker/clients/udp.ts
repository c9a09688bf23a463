// Clients of a BitTorrent tracker over UDP (BEP 15), a socket each.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Client, type Clients, type ClientSetting, swarmHash } from '../contract.ts';

const requestBytes = 98;
const peersPerSocket = 50_000;
const fillWindow = 64;
const event = { none: 0, started: 2 } as const;

export const udpClients: Clients = {
  /** A peer is an address and a port: 50,000 ports of 127.0.1.1, then of 127.0.1.2, and so on. */
  async fill({ port, table }: ClientSetting): Promise<void> {
    const sockets: Socket[] = [];
    for (let i = 0; i * peersPerSocket < table.peers; i += 1) sockets.push(await open(`127.0.1.${i + 1}`, port));
    const connection = await connect(sockets[0]!);
    const { promise, resolve } = Promise.withResolvers<void>();
    let [sent, answered] = [0, 0];
    const more = (): void => {
      for (; sent < table.peers && sent - answered < fillWindow; sent += 1) {
        const request = announceOf(connection, sent % table.swarms, sent, event.started, 1);
        request.writeUInt16BE(1_024 + (sent % peersPerSocket), requestBytes - 2);
        sockets[Math.floor(sent / peersPerSocket)]!.send(request);
      }
    };
    for (const socket of sockets)
      socket.on('message', () => {
        answered += 1;
        if (answered === table.peers) resolve();
        else more();
      });
    more();
    await promise;
    for (const socket of sockets) socket.close();
  },

  async open({ port, table, want }: ClientSetting, number: number): Promise<Client> {
    const socket = await open('127.0.0.1', port);
    const connection = await connect(socket);
    const ask = (what: number): Buffer => announceOf(connection, number % table.swarms, 2 ** 31 + number, what, want);
    socket.send(ask(event.started));
    await once(socket, 'message');
    const request = ask(event.none);
    let answered: (() => void) | undefined;
    socket.on('message', () => answered?.());
    return {
      announce(done) {
        answered = done;
        socket.send(request);
      },
      close: () => socket.close(),
    };
  },
};

async function open(host: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function connect(socket: Socket): Promise<Buffer> {
  const request = Buffer.alloc(16);
  request.write('0000041727101980', 'hex');
  socket.send(request);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  return reply.subarray(8, 16);
}

function announceOf(connection: Buffer, swarm: number, peer: number, what: number, want: number): Buffer {
  const request = Buffer.alloc(requestBytes);
  connection.copy(request);
  request.writeUInt32BE(1, 8);
  request.write(swarmHash(swarm, 40), 16, 'hex');
  request.writeUInt32BE(peer, 36);
  request.writeUInt32BE(100, 68); // left to fetch
  request.writeUInt32BE(what, 80);
  request.writeInt32BE(want, 92);
  request.writeUInt16BE(5_000, 96);
  return request;
}
