// What node:dgram itself carries in single datagrams: the ceiling of everybody who sends by it, and no transport. Nothing
// is encrypted, ordered or sent again; a window of datagrams is opened by one answer for many of them, and by the clock
// when an answer is lost.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Transport } from '../contract.ts';
import { socketBufferBytes } from './load-peer.ts';

const datagramBytes = 1_472;
const datagramsPerAnswer = 64;
const windowDatagrams = 1_024;
const patienceMs = 100;

export const dgram: Transport = {
  multiplexed: false,
  async listen(host, accept) {
    const socket = await bound(host);
    const answer = new Uint8Array(1);
    let take: ((bytes: Uint8Array) => void) | undefined;
    let received = 0;
    socket.on('message', (bytes, from) => {
      if (take === undefined)
        accept({
          write: () => Promise.resolve(),
          finish: () => undefined,
          receive(taken) {
            take = taken;
            return new Promise(() => undefined); // nothing here has an end
          },
        });
      take?.(bytes);
      received += 1;
      if (received % datagramsPerAnswer === 0) socket.send(answer, from.port, from.address);
    });
    return { host, port: socket.address().port };
  },
  async openDialler(host) {
    const socket = await bound(host);
    let room = windowDatagrams;
    let opened = Promise.withResolvers<void>();
    const open = (datagrams: number): void => {
      room = Math.min(windowDatagrams, room + datagrams);
      opened.resolve();
      opened = Promise.withResolvers();
    };
    socket.on('message', () => open(datagramsPerAnswer));
    const lost = (): void => open(windowDatagrams);
    return (contact) =>
      Promise.resolve({
        openStream: () =>
          Promise.resolve({
            async write(bytes) {
              for (let at = 0; at < bytes.length; at += datagramBytes, room -= 1) {
                if (room === 0) {
                  const timer = setTimeout(lost, patienceMs);
                  await opened.promise;
                  clearTimeout(timer);
                }
                socket.send(bytes.subarray(at, at + datagramBytes), contact.port, contact.host);
              }
            },
            finish: () => undefined,
            receive: () => Promise.reject(new Error('nothing comes back over dgram')),
          }),
        close: () => socket.close(),
      });
  },
};

async function bound(host: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) });
  const listening = once(socket, 'listening');
  socket.bind(0, host);
  await listening;
  socket.setRecvBufferSize(socketBufferBytes);
  socket.setSendBufferSize(socketBufferBytes);
  return socket;
}
