// Sockets of the machine that runs the tests: where no calls of our own can be made (not Linux, no foreign-function
// interface) the tests that need them are skipped, and the plain path is what remains.

import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { type Address, formatAddress } from '@shoal/machine';
import { DirectSocket } from '../src/node/direct-socket.ts';
import { byKoffi, byNodeFfi, type ForeignCalls, loadForeignCalls } from '../src/node/foreign-calls.ts';
import { decodeAddress, encodeAddress } from '../src/node/socket-address.ts';
import { socketCalls } from '../src/node/socket-calls.ts';
import { UdpSocket } from '../src/node/udp-socket.ts';

const linux = process.platform === 'linux';
const interfaces: [string, ForeignCalls | undefined][] = [
  ['koffi', linux ? await byKoffi() : undefined],
  ['node:ffi', linux ? byNodeFfi() : undefined],
];
const noIpv6 = !Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Datagrams as a plain socket receives them. */
async function listener(host = '127.0.0.1'): Promise<{ address: Address; port: number; sizes: number[] }> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const sizes: number[] = [];
  socket.on('message', ({ length }) => sizes.push(length));
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  closing.push(() => socket.close());
  const { port } = socket.address();
  return { address: { host, port }, port, sizes };
}

async function open(offload: boolean): Promise<UdpSocket> {
  const socket = await UdpSocket.open({
    host: '127.0.0.1',

    foreign: offload ? await loadForeignCalls() : undefined,
  });
  closing.push(() => socket.close());
  return socket;
}

describe.each(interfaces)('a direct socket by %s', (_name, foreign) => {
  const calls = foreign && socketCalls(foreign)!;

  function openDirect(host: string): DirectSocket {
    const direct = DirectSocket.open(calls!, { host, port: 0 }, isIPv6(host) ? 6 : 4)!;
    closing.push(() => calls!.close(direct.fd));
    return direct;
  }

  test.skipIf(!calls).each(['127.0.0.1', '::1'])(
    'at %s cuts each send as it says, and a lone datagram never',
    async (host) => {
      if (isIPv6(host) && noIpv6) return;
      const direct = openDirect(host);
      expect(direct).toMatchObject({ segmenting: true, gro: true, unfragmented: true });
      const { address, sizes } = await listener(host);
      const sends: [bytes: number, segmentBytes: number, datagrams: number[]][] = [
        [12_100, 1_200, [...Array.from({ length: 10 }, () => 1_200), 100]],
        [5_000, 5_000, [5_000]],
        [2_500, 1_000, [1_000, 1_000, 500]],
        [800, 1_200, [800]],
        [60_000, 60_000, [60_000]],
      ];
      for (const [bytes, segmentBytes] of sends)
        expect(direct.send(new Uint8Array(bytes), segmentBytes, address)).toBe(true);
      await expect.poll(() => sizes).toEqual(sends.flatMap(([, , datagrams]) => datagrams));
      direct.stopSegmenting();
      expect(direct.segmenting).toBe(false);
    },
  );

  test.skipIf(!calls)('is not there for an address it cannot bind, and says nothing', () => {
    for (const host of ['192.0.2.1', '2001:db8::1', 'nothing'])
      expect(DirectSocket.open(calls!, { host, port: 0 }, isIPv6(host) ? 6 : 4)).toBeUndefined();
  });

  test.skipIf(!calls).each([
    [{ host: '192.0.2.7', port: 4_433 }, 4],
    [{ host: '2001:db8::7:0:1', port: 65_535 }, 6],
    [{ host: '::', port: 1 }, 6],
    [{ host: '192.0.2.7', port: 4_433 }, 6],
    [{ host: 'fe80::1%lo', port: 7 }, 6],
  ] as const)('turns %o into the structure of IPv%i and back', (address, family) => {
    const encoded = encodeAddress(calls!, address, family)!;
    expect(encoded.length).toBe(family === 4 ? 16 : 28);
    expect(decodeAddress(calls!, encoded, family)).toEqual(address);
    expect(encodeAddress(calls!, { host: 'no address', port: 1 }, family)).toBeUndefined();
  });
});

describe.each(interfaces)('a socket with calls of its own by %s', (_name, foreign) => {
  test.skipIf(foreign === undefined)(
    'takes what waits without an event for each, in order, into one buffer',
    async () => {
      const socket = await UdpSocket.open({ host: '127.0.0.1', foreign });
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
    const socket = await UdpSocket.open({ host: '127.0.0.1', foreign });
    closing.push(() => socket.close());
    const { port, sizes } = await listener();
    const buffer = socket.takeBuffer()!;
    socket.send(buffer, { length: 2_000, segmentBytes: 1_200, address: { host: '127.0.0.1', port } });
    expect(socket.takeBuffer()).toBe(buffer); // free again
    socket.send(buffer, { length: 10, segmentBytes: 10, address: { host: '192.0.2.1', port: 9 } });
    expect(socket.takeBuffer()).toBeUndefined(); // nothing may overtake it
    await new Promise<void>((resolve) => (socket.onDrained = resolve));
    expect(socket.takeBuffer()).toBe(buffer);
    expect(socket.stats.sendErrors).toBe(1);
    expect(socket.stats).toMatchObject({ sends: 2, sendsQueued: 1 });
    await expect.poll(() => sizes).toEqual([1_200, 800]);
  });
});

describe.each([true, false])('a socket for both families (offload %s)', (offload) => {
  test.skipIf(noIpv6)('knows IPv4 remotes by their IPv4 addresses, and IPv6 ones by theirs', async () => {
    const foreign = offload ? await loadForeignCalls() : undefined;
    const socket = await UdpSocket.open({ host: '::', foreign });
    closing.push(() => socket.close());
    const senders: string[] = [];
    socket.onReceived((_bytes, from) => senders.push(formatAddress(from)));
    for (const host of ['127.0.0.1', '::1']) {
      expect(socket.reaches(host)).toBe(true);
      const remote = await UdpSocket.open({ host, foreign });
      closing.push(() => remote.close());
      expect(remote.reaches(host === '::1' ? '127.0.0.1' : '::1')).toBe(false);
      const sizes: number[] = [];
      remote.onReceived(({ length }) => sizes.push(length));
      // Several in one go: the first comes by an event, the others are fetched.
      const there = { length: 30, segmentBytes: 10, address: { host, port: socket.address.port } };
      remote.send(remote.takeBuffer()!, there);
      await expect.poll(() => senders.length).toBeGreaterThan(0);
      expect(new Set(senders.splice(0))).toEqual(new Set([formatAddress(remote.address)]));
      socket.send(socket.takeBuffer()!, { length: 40, segmentBytes: 40, address: remote.address });
      await expect.poll(() => sizes).toEqual([40]);
    }
    expect(socket.stats.sendErrors).toBe(0);
  });
});

describe('a socket', () => {
  test('says what the system granted, and what it threw away', async () => {
    const foreign = await loadForeignCalls();
    const socket = await UdpSocket.open({ host: '127.0.0.1', foreign, socketBufferBytes: 16_384 });
    closing.push(() => socket.close());
    expect(socket.stats.receiveBufferBytes).toBe(16_384);
    expect(socket.stats.kernelDrops).toBe(foreign && 0);
    // Nobody reads before the next turn of the event loop.
    for (let i = 0; i < 50; i += 1)
      socket.send(socket.takeBuffer()!, { length: 1_200, segmentBytes: 1_200, address: socket.address });
    const { kernelDrops } = socket.stats;
    expect(kernelDrops === undefined || kernelDrops > 0).toBe(true);
  });

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
    expect(socket.stats.offload?.gso === true).toBe(offload && (await loadForeignCalls()) !== undefined);
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
    const wrong = [
      { host: 'not an address', port: 1 },
      { host: '127.0.0.1', port: 0 },
    ];
    for (const [count, address] of wrong.entries()) {
      let buffer: Uint8Array | undefined;
      await expect.poll(() => (buffer ??= socket.takeBuffer())).toBeDefined();
      socket.send(buffer!, { length: 10, segmentBytes: 10, address });
      await expect.poll(() => socket.stats.sendErrors).toBe(count + 1);
    }
    const { port, sizes } = await listener();
    socket.send(socket.takeBuffer()!, { length: 10, segmentBytes: 10, address: { host: '127.0.0.1', port } });
    await expect.poll(() => sizes).toEqual([10]);
  });
});
