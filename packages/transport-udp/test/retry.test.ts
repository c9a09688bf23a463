import { describe, expect, test } from 'vitest';
import { type Address, instant } from '@shoal/machine';
import { AddressTokens } from '../src/handshake/address-tokens.ts';
import { nodeCrypto } from '../src/node/node-crypto.ts';
import { clientAddress, endpointFrom, Pair, serverAddress } from './pair.ts';

const spoofed = (i: number): Address => ({ host: `10.66.${i >> 8}.${i & 255}`, port: 1 + (i % 60_000) });

/** First packets of `count` different dials. */
function firstPackets(count: number, seed = 'flood'): Uint8Array[] {
  const flooder = endpointFrom(seed, { config: { connectionsMax: count } });
  const buffer = new Uint8Array(2_000);
  return Array.from({ length: count }, () => {
    flooder.connect(serverAddress, instant(0));
    return buffer.slice(0, flooder.pollTransmit(buffer, instant(0))!.length);
  });
}

describe('under more handshakes than it wants, an endpoint', () => {
  test('asks strangers to come again with a token, and then takes them', () => {
    const pair = new Pair({ profile: { delayMs: 10 }, config: { retryFromHandshakes: 0 } }).connect();
    expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    expect(pair.server.stats.retriesSent).toBe(1);
    expect(pair.now).toBeCloseTo(50, 0); // one round trip more
  });

  test.each([0.2, 0.4])('lets strangers in through a loss of %d', (loss) => {
    for (let seed = 0; seed < 10; seed += 1) {
      const profile = { delayMs: 20, loss, duplicate: 0.2 };
      const pair = new Pair({ profile, config: { retryFromHandshakes: 0 }, seed: `${seed}` }).connect();
      expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    }
  });

  test('keeps nothing of a flood from spoofed addresses, and answers it with less than it got', () => {
    const pair = new Pair({ config: { retryFromHandshakes: 16 } }).connect();
    let toFlooders = 0;
    pair.lab.network.interfere = (datagram) => {
      const known = [clientAddress, serverAddress].some(({ host }) => host === datagram.to.host);
      if (!known) toFlooders += datagram.bytes.length;
      return known ? [datagram] : [];
    };
    const stream = pair.connection.openStream()!;
    stream.write(new Uint8Array(2_000_000));
    stream.finish();
    const packets = firstPackets(2_000);
    let flooded = 0;
    for (const [i, packet] of packets.entries()) {
      pair.server.handleDatagram(packet, spoofed(i), pair.now);
      flooded += packet.length;
      pair.lab.run(1);
      expect(pair.server.stats.connections).toBeLessThanOrEqual(17);
    }
    expect(stream.sendState).toBe('finished');
    expect(pair.far(stream).bytes).toBe(2_000_000);
    expect(pair.server.stats.retriesSent).toBeGreaterThan(1_900);
    expect(toFlooders).toBeLessThan(flooded / 10);
  });

  test('keeps a transfer as fast as without the flood', () => {
    const took = [0, 20].map((perMs) => {
      const profile = { delayMs: 10, rateBytesPerSecond: 5_000_000, queueBytes: 200_000 };
      const pair = new Pair({ profile, config: { retryFromHandshakes: 16 } }).connect();
      const stream = pair.connection.openStream()!;
      stream.write(new Uint8Array(2_000_000));
      stream.finish();
      const packets = firstPackets(200);
      const begun = pair.now;
      for (let i = 0; stream.sendState !== 'finished' && pair.now - begun < 5_000;) {
        for (let n = 0; n < perMs; n += 1, i += 1)
          pair.server.handleDatagram(packets[i % packets.length]!, spoofed(i), pair.now);
        pair.lab.run(1);
      }
      return pair.now - begun;
    });
    expect(took[1]! / took[0]!).toBeLessThan(1.25);
  });

  test('queues a bounded number of answers, and drops the rest of a burst', () => {
    const server = endpointFrom('server', { config: { retryFromHandshakes: 0 } });
    const buffer = new Uint8Array(2_000);
    for (const [i, packet] of firstPackets(500).entries()) server.handleDatagram(packet, spoofed(i), instant(0));
    let answers = 0;
    while (server.pollTransmit(buffer, instant(0)) !== undefined) answers += 1;
    expect(answers).toBe(64);
    expect(server.stats).toMatchObject({ connections: 0, retriesSent: 64, handshakesRefused: 436 });
  });

  test('answers no more of them than leaves time for others, however many knock', () => {
    const server = endpointFrom('server', { config: { retryFromHandshakes: 0 } });
    const buffer = new Uint8Array(2_000);
    const packets = firstPackets(1_000);
    for (let ms = 0; ms < 100; ms += 1) {
      for (let n = 0; n < 100; n += 1)
        server.handleDatagram(packets[(100 * ms + n) % 1_000]!, spoofed(100 * ms + n), instant(ms));
      while (server.pollTransmit(buffer, instant(ms)) !== undefined);
    }
    const { retriesSent, handshakesRefused } = server.stats;
    expect(retriesSent).toBe(64 + 2 * 99);
    expect(retriesSent + handshakesRefused).toBe(10_000);
  });

  test('lets somebody in who really dials, in the middle of it', () => {
    const pair = new Pair({ config: { retryFromHandshakes: 8 } });
    pair.lab.network.interfere = (datagram) => (datagram.to.host.startsWith('10.66') ? [] : [datagram]);
    for (const [i, packet] of firstPackets(100).entries()) {
      pair.server.handleDatagram(packet, spoofed(i), pair.now);
      pair.lab.drain();
    }
    pair.connect();
    expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
  });

  test('tells strangers apart that go by the same id', () => {
    const server = endpointFrom('server');
    const [first, other] = firstPackets(2);
    other!.set(first!.subarray(11, 19), 11); // another key, the same id
    for (const from of [spoofed(1), spoofed(2), spoofed(1)])
      for (const packet of [first!, other!]) server.handleDatagram(packet.slice(), from, instant(0));
    expect(server.stats.connections).toBe(4);
    server.poll();
    server.handleTimeout(instant(20_000));
    server.poll();
    expect(server.stats.connections).toBe(0);
  });

  test('does not take a token that another address, or another dial, was given', () => {
    const [server, client] = [endpointFrom('server', { config: { retryFromHandshakes: 0 } }), endpointFrom('client')];
    const buffer = new Uint8Array(2_000);
    const take = (from: typeof client): Uint8Array => buffer.slice(0, from.pollTransmit(buffer, instant(0))!.length);
    client.connect(serverAddress, instant(0));
    server.handleDatagram(take(client), clientAddress, instant(0));
    client.handleDatagram(take(server), serverAddress, instant(0));
    const second = take(client); // with the token
    server.handleDatagram(second.slice(), spoofed(1), instant(0));
    expect(server.stats.connections).toBe(0);
    const other = second.slice();
    other[11] = other[11]! ^ 1; // the dial's id
    server.handleDatagram(other, clientAddress, instant(0));
    expect(server.stats.connections).toBe(0);
    server.handleDatagram(second, clientAddress, instant(0));
    expect(server.stats.connections).toBe(1);
  });
});

describe('a token', () => {
  const tokens = new AddressTokens(nodeCrypto, new Uint8Array(32).fill(7));
  const id = { high: 1, low: 2 };
  const token = tokens.issue(clientAddress, id, instant(1_000));

  test('is good for ten seconds, and never before it was made', () => {
    const ages = [-1, 0, 10_000, 10_001].map((age) => tokens.accepts(token, clientAddress, id, instant(1_000 + age)));
    expect(ages).toEqual([false, true, true, false]);
  });

  test('is refused with any bit changed, at any other length, and by another secret', () => {
    for (let bit = 0; bit < 8 * token.length; bit += 1) {
      const changed = token.slice();
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      expect(tokens.accepts(changed, clientAddress, id, instant(1_000))).toBe(false);
    }
    expect(tokens.accepts(token.subarray(1), clientAddress, id, instant(1_000))).toBe(false);
    const others = new AddressTokens(nodeCrypto, new Uint8Array(32).fill(8));
    expect(others.accepts(token, clientAddress, id, instant(1_000))).toBe(false);
  });
});
