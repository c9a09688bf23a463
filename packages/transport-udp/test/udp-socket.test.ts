// Offload on the machine that runs the tests: where there is none (not Linux, no foreign-function interface) the
// tests that need it are skipped, and the plain path is what remains.

import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { formatAddress } from '@shoal/machine';
import { openOffloadedSocket } from '../src/node/offload.ts';
import { byKoffi, byNodeFfi, type ForeignCalls, loadForeignCalls } from '../src/node/foreign-calls.ts';
import { socketCalls } from '../src/node/socket-calls.ts';
import { UdpSocket } from '../src/node/udp-socket.ts';

const linux = process.platform === 'linux';
const interfaces: [string, ForeignCalls | undefined][] = [
  ['koffi', linux ? await byKoffi() : undefined],
  ['node:ffi', linux ? byNodeFfi() : undefined],
];
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Datagrams as a plain socket receives them. */
async function listener(): Promise<{ port: number; sizes: number[] }> {
  const socket = createSocket('udp4');
  const sizes: number[] = [];
  socket.on('message', ({ length }) => sizes.push(length));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  closing.push(() => socket.close());
  return { port: socket.address().port, sizes };
}

async function open(offload: boolean): Promise<UdpSocket> {
  const socket = await UdpSocket.open({
    host: '127.0.0.1',
    datagramBytes: 1_200,
    foreign: offload ? await loadForeignCalls() : undefined,
  });
  closing.push(() => socket.close());
  return socket;
}

describe.each(interfaces)('segmentation offload by %s', (_name, calls) => {
  test.skipIf(calls === undefined)('cuts one large send into datagrams', async () => {
    const offloaded = openOffloadedSocket(socketCalls(calls!)!, '127.0.0.1', 0, 1_200)!;
    expect(offloaded.gro).toBe(true);
    const socket: Socket = createSocket('udp4');
    closing.push(() => socket.close());
    socket.bind({ fd: offloaded.fd });
    const { port, sizes } = await listener();
    socket.send(new Uint8Array(12_100), port, '127.0.0.1');
    await expect.poll(() => sizes).toEqual([...Array.from({ length: 10 }, () => 1_200), 100]);
    offloaded.disableSegmentation();
    socket.send(new Uint8Array(5_000), port, '127.0.0.1');
    await expect.poll(() => sizes.at(-1)).toBe(5_000);
  });

  test.skipIf(calls === undefined)('is not there for an address it cannot bind, and says nothing', () => {
    expect(openOffloadedSocket(socketCalls(calls!)!, '192.0.2.1', 0, 1_200)).toBeUndefined();
    expect(openOffloadedSocket(socketCalls(calls!)!, '::1', 0, 1_200)).toBeUndefined();
  });
});

describe.each(interfaces)('a socket with calls of its own by %s', (_name, foreign) => {
  test.skipIf(foreign === undefined)(
    'takes what waits without an event for each, in order, into one buffer',
    async () => {
      const socket = await UdpSocket.open({ host: '127.0.0.1', datagramBytes: 1_200, foreign });
      closing.push(() => socket.close());
      const sender = createSocket('udp4');
      closing.push(() => sender.close());
      await new Promise<void>((resolve) => sender.bind(0, '127.0.0.1', resolve));
      const got: number[] = [];
      const senders = new Set<string>();
      socket.onReceived((bytes, from) => {
        got.push(bytes[0]!, bytes.length);
        senders.add(formatAddress(from));
      });
      for (let i = 0; i < 100; i += 1) sender.send(new Uint8Array(i + 1).fill(i), socket.address.port, '127.0.0.1');
      await expect.poll(() => got.length).toBe(200);
      expect(got).toEqual(Array.from({ length: 100 }, (_, i) => [i, i + 1]).flat());
      expect([...senders]).toEqual([formatAddress({ host: '127.0.0.1', port: sender.address().port })]);
      expect(socket.stats.receives).toBe(100);
      expect(socket.stats.receiveEvents).toBeLessThan(100);
    },
  );

  test.skipIf(foreign === undefined)('sends at once, and by node:dgram what the system does not take', async () => {
    const socket = await UdpSocket.open({ host: '127.0.0.1', datagramBytes: 1_200, foreign });
    closing.push(() => socket.close());
    const { port, sizes } = await listener();
    const buffer = socket.takeBuffer()!;
    socket.send(buffer, { length: 2_000, segmentBytes: 1_200, address: { host: '127.0.0.1', port } });
    expect(socket.takeBuffer()).toBe(buffer); // free again
    socket.send(buffer, { length: 10, segmentBytes: 10, address: { host: '192.0.2.1', port: 9 } });
    expect(socket.takeBuffer()).not.toBe(buffer);
    await expect.poll(() => socket.stats.sendErrors).toBe(1);
    expect(socket.stats).toMatchObject({ sends: 2, sendsQueued: 1 });
    await expect.poll(() => sizes).toEqual([1_200, 800]);
  });
});

describe('a socket', () => {
  test.each([true, false])('sends whole batches in equal datagrams (offload %s)', async (offload) => {
    const socket = await open(offload);
    const { port, sizes } = await listener();
    const address = { host: '127.0.0.1', port };
    const buffer = socket.takeBuffer()!;
    socket.send(buffer, { length: 3_000, segmentBytes: 1_200, address });
    await expect.poll(() => sizes).toEqual([1_200, 1_200, 600]);
    // Another size than the socket is set to: sent one by one.
    socket.send(socket.takeBuffer()!, { length: 2_500, segmentBytes: 1_000, address });
    await expect.poll(() => sizes.slice(3)).toEqual([1_000, 1_000, 500]);
    expect(socket.stats.offload !== undefined).toBe(offload && (await loadForeignCalls()) !== undefined);
    expect(socket.stats.sendErrors).toBe(0);
  });

  test.each([true, false])('leaves the descriptor alone once it is closed (offload %s)', async (offload) => {
    const socket = await open(offload);
    const { port, sizes } = await listener();
    const buffer = socket.takeBuffer()!;
    await socket.close();
    const next = await open(offload); // has the same descriptor now
    socket.send(buffer, { length: 10, segmentBytes: 10, address: { host: '127.0.0.1', port } });
    socket.receiveMore();
    next.send(next.takeBuffer()!, { length: 20, segmentBytes: 20, address: { host: '127.0.0.1', port } });
    await expect.poll(() => sizes).toEqual([20]);
    expect(socket.stats.sendErrors).toBe(1);
  });

  test('tells that more waits than one turn of the event loop brought', async () => {
    const socket = await open(false);
    const sender = createSocket('udp4');
    closing.push(() => sender.close());
    const turns: [events: number, moreWaits: boolean][] = [];
    let [events, asked] = [0, false];
    socket.onReceived(() => {
      events += 1;
      if (asked) return;
      asked = true;
      setImmediate(() => {
        turns.push([events, socket.moreWaits()]);
        [events, asked] = [0, false];
      });
    });
    for (let i = 0; i < 70; i += 1) sender.send(new Uint8Array(10), socket.address.port, '127.0.0.1');
    await expect.poll(() => turns.reduce((sum, [count]) => sum + count, 0)).toBe(70);
    for (const [count, more] of turns) expect(more).toBe(count >= 32);
    expect(turns.at(-1)![1]).toBe(false);
  });

  test('has so many buffers and no more, and says when one is back', async () => {
    const socket = await open(false);
    const taken: Uint8Array[] = [];
    for (let buffer = socket.takeBuffer(); buffer !== undefined; buffer = socket.takeBuffer()) taken.push(buffer);
    expect(taken.length).toBe(16);
    let drained = 0;
    socket.onDrained = () => (drained += 1);
    for (const buffer of taken) socket.giveBuffer(buffer);
    expect(drained).toBe(1);
  });

  test.each([true, false])('counts what the system would not send, and lives on (offload %s)', async (offload) => {
    const socket = await open(offload);
    socket.send(socket.takeBuffer()!, { length: 10, segmentBytes: 10, address: { host: 'not an address', port: 1 } });
    socket.send(socket.takeBuffer()!, { length: 10, segmentBytes: 10, address: { host: '127.0.0.1', port: 0 } });
    await expect.poll(() => socket.stats.sendErrors).toBe(2);
    const { port, sizes } = await listener();
    socket.send(socket.takeBuffer()!, { length: 10, segmentBytes: 10, address: { host: '127.0.0.1', port } });
    await expect.poll(() => sizes).toEqual([10]);
  });
});
