import { afterEach, describe, expect, test } from 'vitest';
import { askId, type LinkFact, type LinkPort } from '@shoal/machine';
import { type NodeLinks, openLinks, type SocketOptions } from '../src/node/index.ts';
import { loadForeignCalls } from '../src/node/foreign-calls.ts';
import { loadOpensslCrypto } from '../src/node/openssl-crypto.ts';
import { UdpSocket } from '../src/node/udp-socket.ts';

const opened: NodeLinks[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((links) => links.close()));
});

async function open(options: SocketOptions = {}): Promise<NodeLinks> {
  const links = await openLinks({ host: '127.0.0.1', ...options });
  opened.push(links);
  return links;
}

/** Waits for facts one after another. */
function facts(port: LinkPort) {
  const waiting: LinkFact[] = [];
  let wake: (() => void) | undefined;
  port.listen((fact) => {
    waiting.push(fact);
    wake?.();
  });
  return async function next<Type extends LinkFact['type']>(type: Type): Promise<LinkFact & { type: Type }> {
    for (;;) {
      const fact = waiting.shift();
      if (fact?.type === type) return fact as LinkFact & { type: Type };
      if (fact === undefined) await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}

async function exchange(options: SocketOptions) {
  const [a, b] = [await open(options), await open(options)];
  const [nextA, nextB] = [facts(a), facts(b)];
  a.perform({ type: 'dial', dial: 1, address: b.address, expect: b.peer });
  const there = await nextA('linkOpened');
  const here = await nextB('linkOpened');
  expect([there.peer, here.peer]).toEqual([b.peer, a.peer]);
  const body = new Uint8Array(3_000_000).map((_, i) => i * 7);
  a.perform({ type: 'sendMessage', link: there.link, message: Uint8Array.of(1, 2) });
  a.perform({ type: 'ask', link: there.link, ask: askId(1), request: Uint8Array.of(3), bodyBytesMax: 3_000_000 });
  expect((await nextB('messageReceived')).message).toEqual(Uint8Array.of(1, 2));
  const { request, link } = await nextB('requestReceived');
  b.perform({ type: 'answer', link, request, head: Uint8Array.of(4), body });
  const answer = await nextA('answerReceived');
  expect(answer.head).toEqual(Uint8Array.of(4));
  expect(Buffer.compare(answer.body, body)).toBe(0);
  await nextB('answerSent');
  return { a, b, nextA, nextB, link: there.link };
}

describe('links on real sockets', () => {
  test('carry messages and exchanges, with offload where there is any', async () => {
    const { a, b } = await exchange({});
    expect(a.stats.bytesSent).toBeGreaterThan(0);
    expect(b.stats.sends).toBeGreaterThan(0);
    expect(a.stats.aead).toBe((await loadOpensslCrypto()) === undefined ? 'node:crypto' : 'openssl');
  });

  test('tell with an answer what the system has thrown away so far, where it says', async () => {
    const { a, b, nextA, nextB, link } = await exchange({ socketBufferBytes: 65_536 });
    const noise = await UdpSocket.open({ host: '127.0.0.1', foreign: await loadForeignCalls() });
    await new Promise((resolve) => setTimeout(resolve, 20)); // it is not looked at with every answer
    a.perform({ type: 'ask', link, ask: askId(9), request: new Uint8Array(), bodyBytesMax: 0 });
    const { request, link: back } = await nextB('requestReceived');
    b.perform({ type: 'answer', link: back, request, head: new Uint8Array() });
    // Nobody reads before the next turn of the event loop.
    const datagram = { length: 60_000, segmentBytes: 1_200, address: a.address };
    for (let i = 0; i < 8; i += 1) noise.send(noise.takeBuffer()!, datagram);
    const { kernelDrops = -1 } = await nextA('answerReceived');
    await noise.close();
    expect(kernelDrops > 0).toBe(a.stats.kernelDrops !== undefined);
  });

  test('do the same by plain datagrams', async () => {
    const { a, nextB, link } = await exchange({ offload: false });
    expect(a.stats).toMatchObject({ offload: undefined, sendsQueued: a.stats.sends });
    a.perform({ type: 'closeLink', link, code: 'banned' });
    expect((await nextB('linkClosed')).code).toBe('banned');
  });

  test('use the memory of bodies again that are given back', async () => {
    const { a, b, nextA, nextB, link } = await exchange({});
    const received: Uint8Array[] = [];
    for (let i = 1; i <= 3; i += 1) {
      const body = new Uint8Array(100_000).fill(i);
      a.perform({ type: 'ask', link, ask: askId(100 + i), request: new Uint8Array(), bodyBytesMax: body.length });
      const { request, link: back } = await nextB('requestReceived');
      b.perform({ type: 'answer', link: back, request, head: new Uint8Array(), body });
      const answer = await nextA('answerReceived');
      expect(Buffer.compare(answer.body, body)).toBe(0);
      received.push(answer.body);
      if (i === 1) a.recycle(answer.body);
    }
    expect(received[1]!.buffer).toBe(received[0]!.buffer);
    expect(received[2]!.buffer).not.toBe(received[1]!.buffer);
  });

  test('tell the remote when they are closed', async () => {
    const { a, nextB } = await exchange({});
    await a.close();
    expect((await nextB('linkClosed')).code).toBe('done');
  });

  test('a port in use has a code of its own', async () => {
    const { address } = await open();
    await expect(openLinks({ host: '127.0.0.1', port: address.port })).rejects.toMatchObject({ code: 'addressInUse' });
  });

  test('a name that cannot be looked up, and an address nobody answers at, fail the dial', async () => {
    const links = await open({ config: { handshakeTimeoutMs: 300 } });
    const next = facts(links);
    links.perform({ type: 'dial', dial: 1, address: { host: 'nowhere.invalid', port: 1 } });
    expect(await next('dialFailed')).toMatchObject({ dial: 1, code: 'unreachable' });
    links.perform({ type: 'dial', dial: 2, address: { host: '127.0.0.1', port: 9 } });
    expect(await next('dialFailed')).toMatchObject({ dial: 2, code: 'unreachable' });
  });

  test('another secret is told from nobody there', async () => {
    const [a, b] = [await open({ psk: new Uint8Array(32).fill(1) }), await open({ psk: new Uint8Array(32).fill(2) })];
    const next = facts(a);
    a.perform({ type: 'dial', dial: 1, address: b.address });
    expect((await next('dialFailed')).code).toBe('authenticationFailed');
  });
});
