import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { seededRng, ShoalError } from '@shoal/machine';
import { type NodeConnection, type NodeEndpoint, openEndpoint, type SocketOptions } from '../src/node/index.ts';
import { joined } from './pair.ts';

const noIpv6 = !Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const opened: NodeEndpoint[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((endpoint) => endpoint.close()));
});

async function open(options: SocketOptions = {}): Promise<NodeEndpoint> {
  const endpoint = await openEndpoint({ host: '127.0.0.1', ...options });
  opened.push(endpoint);
  return endpoint;
}

async function connect(options: SocketOptions = {}): Promise<[NodeConnection, NodeConnection]> {
  const [client, server] = [await open(options), await open(options)];
  const accepted = server.connections().next();
  const connection = await client.dial(server.address, { expect: server.peer });
  return [connection, (await accepted).value!];
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return joined(parts);
}

describe('an endpoint on a real socket', () => {
  test('carries streams both ways, with back-pressure', async () => {
    const [client, server] = await connect();
    expect(server.peer).not.toBe(client.peer);
    const bytes = seededRng('bytes').bytes(1_000_000);
    const echo = (async () => {
      const { value: stream } = await server.streams().next();
      for await (const part of stream!) await stream!.write(part);
      await stream!.finish();
    })();
    const stream = await client.openStream();
    const back = readAll(stream);
    for (let i = 0; i < 8; i += 1) await stream.write(bytes);
    await stream.finish();
    await echo;
    const got = await back;
    expect(got.length).toBe(8_000_000);
    expect(Buffer.compare(got.subarray(7_000_000), bytes)).toBe(0);
  });

  test('brings every byte into memory that is given back and used again', async () => {
    const [client, server] = await connect();
    const bytes = seededRng('again').bytes(1_000_000);
    const arriving = (async () => {
      const { value: stream } = await server.streams().next();
      const memories = new Set<ArrayBufferLike>();
      let at = 0;
      let right = true;
      for (let part = await stream!.read(); part !== undefined; part = await stream!.read()) {
        for (let i = 0; i < part.length; i += 1) right &&= part[i] === bytes[(at + i) % bytes.length];
        at += part.length;
        memories.add(part.buffer);
        stream!.recycle(part);
      }
      return { right, at, memories: memories.size };
    })();
    const stream = await client.openStream();
    for (let i = 0; i < 30; i += 1) await stream.write(bytes);
    await stream.finish();
    const { right, at, memories } = await arriving;
    expect([right, at]).toEqual([true, 30_000_000]);
    expect(memories).toBeLessThan(30_000_000 / 65_520 / 2);
  });

  test.each([
    ['127.0.0.1', true, 65_507],
    ['127.0.0.1', false, 65_507],
    ['::1', true, 65_488],
    ['::1', false, 65_488],
  ])('finds out that %s carries the largest datagrams (offload %s)', async (host, offload, largest) => {
    if (isIPv6(host) && noIpv6) return;
    const [client, server] = await connect({ host, offload });
    const bytes = seededRng(host).bytes(1_000_000);
    const stream = await client.openStream();
    const written = (async () => {
      for (let i = 0; i < 8; i += 1) await stream.write(bytes);
      await stream.finish();
    })();
    const got = await readAll((await server.streams().next()).value!);
    await written;
    expect(got.length).toBe(8_000_000);
    expect(Buffer.compare(got.subarray(7_000_000), bytes)).toBe(0);
    expect(client.stats.datagramBytes).toBe(largest);
    expect(opened[0]!.stats).toMatchObject({ sendErrors: 0, kernelDrops: opened[0]!.stats.offload && 0 });
  });

  test.skipIf(noIpv6).each([true, false])('serves both families on one socket (offload %s)', async (offload) => {
    const both = await open({ host: '::', offload });
    for (const host of ['127.0.0.1', '::1']) {
      const one = await open({ host, offload });
      const accepted = both.connections().next();
      const dialled = await one.dial({ host, port: both.address.port }, { expect: both.peer });
      expect((await accepted).value!.address).toEqual(one.address);
      const back = one.connections().next();
      await both.dial(one.address, { expect: one.peer });
      expect((await back).value!.address).toEqual({ host, port: both.address.port });
      const other = host === '::1' ? '127.0.0.1' : '::1';
      await expect(one.dial({ host: other, port: 9 })).rejects.toMatchObject({ code: 'unreachable' });
      await dialled.close();
    }
  });

  test('a writer waits for a reader that does not read', async () => {
    const [client] = await connect({ config: { streamWindowBytes: 131_072 } });
    const stream = await client.openStream();
    const chunk = new Uint8Array(262_144);
    let written = 0;
    const writing = (async () => {
      for (; written < 100; written += 1) await stream.write(chunk);
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBeLessThan(8);
    await client.close(3);
    await expect(writing).rejects.toMatchObject({ code: 'connectionLost' });
  });

  test('giving up reaches the other side as an error with the code', async () => {
    const [client, server] = await connect();
    const stream = await client.openStream();
    await stream.write(new Uint8Array(10));
    const { value: far } = await server.streams().next();
    stream.reset(7);
    await expect(readAll(far!)).rejects.toMatchObject({ code: 'refused', cause: { reason: 7 } });
    far!.reset(8);
    await expect(stream.read()).rejects.toMatchObject({ code: 'refused', cause: { reason: 8 } });
    await expect(stream.write(new Uint8Array(1))).rejects.toBeInstanceOf(ShoalError);
  });

  test('leaving a loop early stops the sender', async () => {
    const [client, server] = await connect();
    const stream = await client.openStream();
    const writing = (async () => {
      for (;;) await stream.write(new Uint8Array(100_000));
    })();
    const { value: far } = await server.streams().next();
    for await (const part of far!) if (part.length > 0) break;
    await expect(writing).rejects.toMatchObject({ code: 'refused' });
  });

  test('closing tells both sides, and their loops end', async () => {
    const [client, server] = await connect();
    const streams = server.streams().next();
    await client.close(5);
    expect(await server.closed).toMatchObject({ reason: 5, byRemote: true });
    expect((await streams).done).toBe(true);
    await expect(server.openStream()).rejects.toMatchObject({ code: 'connectionLost' });
  });

  test('a signal ends a dial, a read and a wait', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const client = await open();
    const controller = new AbortController();
    const dial = client.dial({ host: '127.0.0.1', port: silent.address().port }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(dial).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => client.stats.connections).toBe(0);
    silent.close();
    const [connection] = await connect();
    const stream = await connection.openStream();
    await expect(stream.read({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: 'aborted' });
    await expect(stream.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  test('failures have codes', async () => {
    const client = await open({ config: { handshakeTimeoutMs: 200 } });
    const codes = { unreachable: { host: '127.0.0.1', port: 9 }, nowhere: { host: 'nowhere.invalid', port: 9 } };
    await expect(client.dial(codes.unreachable)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(client.dial(codes.nowhere)).rejects.toMatchObject({ code: 'unreachable' });
    const server = await open();
    await expect(client.dial(server.address, { expect: client.peer })).rejects.toMatchObject({
      code: 'authenticationFailed',
    });
    await expect(open({ port: server.address.port })).rejects.toMatchObject({ code: 'addressInUse' });
    await expect(open({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'networkFailed' });
    await expect(open({ port: 70_000 })).rejects.toThrow('port');
  });
});
