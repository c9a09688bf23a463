import { describe, expect, test } from 'vitest';
import { seededRng, sameAddress } from '@shoal/machine';
import type { Stream } from '../src/index.ts';
import type { DatagramArrival } from '../src/testing/index.ts';
import { clientAddress, joined, Pair, serverAddress } from './pair.ts';

const link = { delayMs: 20, rateBytesPerSecond: 2_000_000, queueBytes: 100_000 };
const rebound = { host: clientAddress.host, port: 1_001 };
const elsewhere = { host: '10.7.0.1', port: 1_000 };
const serverElsewhere = { host: '10.8.0.1', port: 2_000 };
const bytes = seededRng('bytes').bytes(1_000_000);

/** Starts to send on a stream of the client's, or of the server's. */
function begin(pair: Pair, by: 'client' | 'server' = 'client'): Stream {
  const stream = (by === 'client' ? pair.connection : pair.serverConnection!).openStream()!;
  stream.write(bytes);
  stream.finish();
  pair.lab.run(150);
  return stream;
}

/** Lets the transfer end and checks every byte. */
function complete(pair: Pair, stream: Stream, ms = 5_000): void {
  expect(pair.lab.runUntil(() => stream.sendState === 'finished', ms)).toBe(true);
  expect(Buffer.compare(joined(pair.far(stream).parts), bytes)).toBe(0);
  expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
}

describe('a remote that moves in the middle of a transfer', () => {
  test.each([
    ['its port, while it sends', rebound, 'client' as const],
    ['its port, while it receives', rebound, 'server' as const],
    ['its address, while it sends', elsewhere, 'client' as const],
    ['its address, while it receives', elsewhere, 'server' as const],
  ])('goes on: %s', (_name, to, by) => {
    const pair = new Pair({ profile: link }).connect();
    const stream = begin(pair, by);
    pair.lab.move(clientAddress, to);
    complete(pair, stream);
    expect(pair.serverConnection!.address).toEqual(to);
    expect([pair.client.stats.connections, pair.server.stats.connections]).toEqual([1, 1]);
  });

  test('goes on through loss, and move after move', () => {
    for (const seed of ['1', '2', '3']) {
      const pair = new Pair({ profile: { ...link, loss: 0.05 }, seed }).connect();
      const stream = begin(pair);
      let at = clientAddress;
      for (let i = 0; i < 4; i += 1) {
        const next = { host: `10.7.0.${i + 1}`, port: 1_000 + i };
        pair.lab.move(at, next);
        at = next;
        pair.lab.run(300);
      }
      complete(pair, stream, 20_000);
      expect(pair.serverConnection!.address).toEqual(at);
    }
  });

  test('and then the other side too', () => {
    const pair = new Pair({ profile: link }).connect();
    const stream = begin(pair);
    pair.lab.move(clientAddress, elsewhere);
    pair.lab.run(200);
    pair.lab.move(serverAddress, serverElsewhere);
    complete(pair, stream);
    expect(pair.serverConnection!.address).toEqual(elsewhere);
    expect(pair.connection.address).toEqual(serverElsewhere);
  });

  test('and the other side at the same moment, while the old addresses still receive', () => {
    const pair = new Pair({ profile: link }).connect();
    const stream = begin(pair);
    pair.lab.move(clientAddress, elsewhere, { keep: true });
    pair.lab.move(serverAddress, serverElsewhere, { keep: true });
    complete(pair, stream);
    expect(pair.serverConnection!.address).toEqual(elsewhere);
    expect(pair.connection.address).toEqual(serverElsewhere);
  });

  test('is met with a fresh window and a fresh round trip; another port alone changes neither', () => {
    for (const fresh of [true, false]) {
      const pair = new Pair({ profile: { delayMs: 20 } }).connect();
      const stream = pair.connection.openStream()!;
      stream.write(bytes);
      pair.lab.run(2_000);
      const { cwndBytes } = pair.connection.stats;
      pair.lab.move(serverAddress, { host: (fresh ? serverElsewhere : serverAddress).host, port: 2_001 });
      pair.serverConnection!.openStream()!.write(Uint8Array.of(1));
      pair.lab.runUntil(() => !sameAddress(pair.connection.address, serverAddress));
      expect(pair.connection.address.port).toBe(2_001);
      expect(pair.connection.stats.cwndBytes < cwndBytes).toBe(fresh);
      expect(pair.connection.stats.bytesInFlight).toBe(0);
      expect(pair.connection.stats.srttMs).toBeLessThan(60); // the token measured it
    }
  });

  test('gets at most three times what it sent, until it has proved the address', () => {
    const pair = new Pair({ profile: link }).connect();
    const stream = begin(pair, 'server');
    const [sent, received] = [new Map<boolean, number>(), { proofs: 0 }];
    pair.lab.network.interfere = (datagram) => {
      const toNew = sameAddress(datagram.to, elsewhere);
      const fromNew = sameAddress(datagram.from, elsewhere);
      if (toNew || fromNew) sent.set(toNew, (sent.get(toNew) ?? 0) + datagram.bytes.length);
      if (toNew) received.proofs += 1;
      return toNew ? [] : [datagram]; // the new address never answers
    };
    pair.lab.move(clientAddress, elsewhere, { keep: true });
    pair.lab.run(20_000);
    expect(received.proofs).toBeGreaterThan(0);
    expect(sent.get(true)!).toBeLessThanOrEqual(3 * sent.get(false)!);
    expect(pair.serverConnection!.address).toEqual(clientAddress);
    expect(stream.sendState).toBe('finished'); // all the while over the old address
  });
});

describe('somebody who sends copies from another address', () => {
  const spoofed = { host: '10.66.0.1', port: 666 };

  test.each([
    ['behind the true packets', false],
    ['before the true packets', true],
  ])('%s: moves nothing', (_name, first) => {
    const pair = new Pair({ profile: link }).connect();
    const stream = begin(pair, 'server');
    let toSpoofed = 0;
    let copied = 0;
    pair.lab.network.interfere = (datagram): readonly DatagramArrival[] => {
      if (sameAddress(datagram.to, spoofed)) {
        toSpoofed += datagram.bytes.length;
        return [];
      }
      if (!sameAddress(datagram.from, clientAddress)) return [datagram];
      const copy = { ...datagram, from: spoofed };
      copied += datagram.bytes.length;
      return first ? [copy, datagram] : [datagram, copy];
    };
    complete(pair, stream);
    expect(pair.serverConnection!.address).toEqual(clientAddress);
    expect(copied).toBeGreaterThan(0);
    expect(toSpoofed).toBeLessThanOrEqual(first ? 3 * copied : 0);
  });

  test('and carries the answers back and forth gets the connection only until the true path is heard of again', () => {
    const pair = new Pair({ profile: link }).connect();
    const stream = begin(pair, 'server');
    let relaying = true;
    pair.lab.network.interfere = ({ from, to, bytes: copy }): readonly DatagramArrival[] => {
      if (sameAddress(to, spoofed)) return relaying ? [{ from, to: clientAddress, bytes: copy }] : [];
      if (!relaying || !sameAddress(from, clientAddress)) return [{ from, to, bytes: copy }];
      return [{ from: spoofed, to: serverAddress, bytes: copy }];
    };
    pair.lab.run(100);
    expect(pair.serverConnection!.address).toEqual(spoofed);
    relaying = false;
    complete(pair, stream);
    expect(pair.serverConnection!.address).toEqual(clientAddress);
  });

  test('from many addresses leaves no more than one question open', () => {
    const pair = new Pair({ profile: { delayMs: 10 } }).connect();
    let port = 0;
    pair.lab.network.interfere = (datagram): readonly DatagramArrival[] =>
      datagram.to.host === '10.66.0.1'
        ? []
        : sameAddress(datagram.from, clientAddress)
          ? [{ ...datagram, from: { host: '10.66.0.1', port: (port += 1) } }]
          : [datagram];
    for (let i = 0; i < 50; i += 1) {
      pair.connection.openStream()?.write(Uint8Array.of(i));
      pair.lab.run(50);
    }
    expect(port).toBeGreaterThan(20);
    expect(pair.serverConnection!.address).toEqual(clientAddress);
    pair.lab.network.interfere = undefined;
    const stream = begin(pair);
    complete(pair, stream);
  });
});
