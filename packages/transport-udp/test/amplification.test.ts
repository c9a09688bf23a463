// Nobody can have others flooded through us: to an address that has not proved that it receives, at most three times what
// came from it (RFC 9000 section 8), and mostly less. Section numbers are those of RFC 9000.

import { describe, expect, test } from 'vitest';
import { type Address, instant, type Rng, seededRng } from '@shoal/machine';
import { packetKinds, viewOf } from '../src/packet/header.ts';
import type { Frame } from '../src/packet/frames.ts';
import { type Datagram, framed, keyedPair, sent } from './keyed-remote.ts';
import { clientAddress, endpointFrom } from './pair.ts';

const victim: Address = { host: '10.66.0.1', port: 666 };

const bytesTo = (host: string, datagrams: readonly Datagram[]): number =>
  datagrams.reduce((sum, { to, bytes }) => sum + (to.host === host ? bytes.length : 0), 0);

/** As a stranger might send it: a handshake packet of any step and version. */
function handshakePacket(rng: Rng, version: number, step: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(rng.bytes(Math.min(length, 64)));
  viewOf(bytes).setUint16(1, length);
  bytes[0] = packetKinds.handshake;
  bytes[19] = version;
  bytes[20] = step;
  viewOf(bytes).setUint16(21, 32);
  return bytes;
}

describe('what an endpoint does not know gets no answer at all', () => {
  test('another version (section 6.1 would answer; a dialler of another version times out)', () => {
    const server = endpointFrom('server');
    const rng = seededRng('versions');
    for (let version = 0; version < 256; version += 1)
      if (version !== 1) server.handleDatagram(handshakePacket(rng, version, 1, 1_200), victim, instant(0));
    expect(sent(server, instant(0))).toEqual([]);
    expect(server.stats.connections).toBe(0);
  });

  test('packets of connections that are not there (section 10.3 would reset them)', () => {
    const server = endpointFrom('server');
    const rng = seededRng('unknown');
    for (let i = 0; i < 2_000; i += 1) {
      const bytes = rng.bytes(20 + rng.below(1_400));
      bytes[0] = rng.pick(Object.values(packetKinds))!;
      viewOf(bytes).setUint16(1, bytes.length);
      if (bytes[0] === packetKinds.handshake) bytes[20] = rng.pick([0, 2, 3, 4, 255])!;
      server.handleDatagram(bytes, victim, instant(0));
    }
    expect(sent(server, instant(0))).toEqual([]);
    expect(server.stats.packetsUnknown).toBeGreaterThan(1_000);
  });

  test('a first packet shorter than 1,200 bytes (section 14.1)', () => {
    const server = endpointFrom('server');
    const rng = seededRng('short');
    for (const length of [55, 600, 1_199])
      server.handleDatagram(handshakePacket(rng, 1, 1, length), victim, instant(0));
    expect(sent(server, instant(0))).toEqual([]);
  });
});

describe('a stranger that has not proved its address', () => {
  test.each([
    ['is answered with less than it sent', 128],
    ['under load is answered with a token of a few bytes (section 8.1.2)', 0],
  ])('%s', (_name, retryFromHandshakes) => {
    const server = endpointFrom('server', { config: { retryFromHandshakes } });
    const rng = seededRng('first');
    server.handleDatagram(handshakePacket(rng, 1, 1, 1_200), victim, instant(0));
    const answered = bytesTo(victim.host, sent(server, instant(0)));
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(retryFromHandshakes === 0 ? 64 : 300);
  });

  test('gets no more than three times what it sent, however long it is silent (section 8.1)', () => {
    const server = endpointFrom('server');
    server.handleDatagram(handshakePacket(seededRng('silent'), 1, 1, 1_200), victim, instant(0));
    let answered = 0;
    for (let now = 0; now < 60_000; now += 50) {
      server.handleTimeout(instant(now));
      answered += bytesTo(victim.host, sent(server, instant(now)));
    }
    expect(answered).toBeLessThan(3 * 1_200);
    expect(server.stats.connections).toBe(0);
  });
});

const challenges = (count: number): Frame[] =>
  Array.from({ length: count }, (_, token): Frame => ({ type: 'pathChallenge', token }));

describe('an authenticated remote that pretends to have moved', () => {
  test.each<[string, Frame[], number]>([
    ['with a packet as small as packets are', [{ type: 'ping' }], 0],
    ['with a question (sections 8.2.1 and 8.2.2)', challenges(1), 0],
    ['with as many questions as fit', challenges(500), 0],
    ['with questions in a full datagram', challenges(4), 1_400],
    ['with questions in the largest datagram', challenges(4), 60_000],
  ])('%s: has three times as much sent there at most', (_name, frames, padding) => {
    const { server, remote, now } = keyedPair();
    const packet = remote.control(framed(frames, padding));
    server.handleDatagram(packet, victim, now);
    let answered = bytesTo(victim.host, sent(server, now));
    expect(answered).toBeGreaterThan(0);
    for (let later = 10; later < 40_000; later += 200) {
      server.handleTimeout(instant(later));
      answered += bytesTo(victim.host, sent(server, instant(later)));
    }
    expect(answered).toBeLessThanOrEqual(3 * packet.length);
  });

  test('again and again, from one address and another: the same for each', () => {
    const { server, remote } = keyedPair();
    const rng = seededRng('moves');
    const [asked, answered] = [new Map<string, number>(), new Map<string, number>()];
    for (let i = 0; i < 2_000; i += 1) {
      const now = instant(i);
      const from = { host: `10.66.0.${rng.below(4)}`, port: 1 };
      const packet = remote.control(framed(challenges(rng.below(20)), rng.below(300)));
      asked.set(from.host, (asked.get(from.host) ?? 0) + packet.length);
      server.handleDatagram(packet, from, now);
      server.handleTimeout(now);
      if (rng.chance(0.1)) server.handleDatagram(remote.control([{ type: 'ping' }]), clientAddress, now);
      for (const { to, bytes } of sent(server, now)) answered.set(to.host, (answered.get(to.host) ?? 0) + bytes.length);
      for (const [host, bytes] of asked) expect(answered.get(host) ?? 0).toBeLessThanOrEqual(3 * bytes);
    }
    expect(answered.size).toBe(5);
  });

  test('never has anything but questions and their answers sent there before it has proved itself (section 9.3.1)', () => {
    const { server, remote, now } = keyedPair();
    const [connection] = [...server.connections()];
    connection!.openStream()!.write(new Uint8Array(500_000));
    sent(server, now);
    server.handleDatagram(remote.control([{ type: 'ping' }, { type: 'pathChallenge', token: 7 }]), victim, now);
    const kinds = new Set<number>();
    for (let later = 0; later < 3_000; later += 10) {
      server.handleTimeout(instant(later));
      for (const { to, bytes } of sent(server, instant(later))) if (to.host === victim.host) kinds.add(bytes[0]!);
    }
    expect([...kinds]).toEqual([packetKinds.control]);
    expect(connection!.address).toEqual(clientAddress);
  });
});

test('a closed connection answers what still comes with less than three times as much (section 10.2.1)', () => {
  const { server, remote, now } = keyedPair();
  server.close(now);
  sent(server, now);
  const smallest = new Uint8Array(17);
  const view = viewOf(smallest);
  smallest[0] = packetKinds.control;
  view.setUint16(1, smallest.length);
  view.setUint32(3, remote.remoteId.high);
  view.setUint32(7, remote.remoteId.low);
  server.handleDatagram(smallest, clientAddress, now);
  const answers = sent(server, now);
  expect(answers.length).toBe(1);
  expect(answers[0]!.bytes.length).toBeLessThan(3 * smallest.length);
  expect(answers[0]!.to).toEqual(clientAddress);
});
