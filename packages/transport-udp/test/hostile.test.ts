// What outsiders can do: somebody who sends rubbish, somebody on the path who sees, changes, repeats and forges
// packets, and a remote that authenticated itself and then breaks every rule. Nothing may throw or grow.

import { describe, expect, test } from 'vitest';
import { type Rng, seededRng } from '@shoal/machine';
import type { Aead, CryptoSuite, EndpointEvent, Stream } from '../src/index.ts';
import { bulkHeaderBytes, packetKinds, packetLengthAt, viewOf } from '../src/packet/header.ts';
import { nodeCrypto } from '../src/node/index.ts';
import type { DatagramArrival } from '../src/testing/index.ts';
import { glued, spoilt } from './fuzz/rubbish.ts';
import { clientAddress, joined, Pair, serverAddress } from './pair.ts';

const isBulk = (bytes: Uint8Array): boolean => bytes[0] === packetKinds.bulk || bytes[0] === packetKinds.bulkLast;

/** Rubbish as large as a datagram: random, or with the beginning of a packet whose length lies, or of many. */
const filler = (rng: Rng, length: number): Uint8Array => {
  const bytes = rng.chance(0.2) ? new Uint8Array(length).fill(packetKinds.bulk) : rng.bytes(length);
  bytes[0] = rng.pick(Object.values(packetKinds))!;
  new DataView(bytes.buffer).setUint16(1, rng.pick([length, length + 1, 40, 5_000, 65_535, 0])!);
  if (bytes[0] === packetKinds.handshake) bytes.set([1, 1, 0, 32], 19);
  return bytes;
};

/** Where the bulk packets of a stream stand in a datagram. */
function bulkOf(stream: number, bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += packetLengthAt(view, at))
    if (isBulk(bytes.subarray(at)) && view.getUint32(at + 17) === stream) found.push(at);
  return found;
}

function events(list: EndpointEvent[], type: EndpointEvent['type']): EndpointEvent[] {
  return list.filter((event) => event.type === type);
}

const over = (stream: Stream): boolean => stream.sendState !== 'open';

/** Node's primitives, but what is sealed passes through `change` first. */
const sealing = (change: (plaintext: Uint8Array) => Uint8Array): CryptoSuite => ({
  ...nodeCrypto,
  aead: (key): Aead => {
    const aead = nodeCrypto.aead(key);
    return {
      open: aead.open.bind(aead),
      openInto: aead.openInto.bind(aead),
      seal: (n, a, p, out) => aead.seal(n, a, change(p), out),
    };
  },
});

/** Frames "stop" for stream 1 with code 0, as many as fit: each wants a reset in return. */
const stops = (frames: Uint8Array): Uint8Array =>
  frames.map((_, i) => (i < frames.length - (frames.length % 3) ? [7, 1, 0][i % 3]! : 0));

/** Sends a megabyte on one stream and a little on another while `interfere` is at work. */
function underAttack(interfere: (datagram: DatagramArrival) => DatagramArrival[]) {
  const pair = new Pair().connect();
  const bytes = seededRng('bytes').bytes(1_000_000);
  const [attacked, other] = [pair.connection.openStream()!, pair.connection.openStream()!];
  pair.lab.network.interfere = interfere;
  attacked.write(bytes);
  attacked.finish();
  pair.lab.runUntil(() => over(attacked));
  pair.lab.network.interfere = undefined;
  other.write(bytes);
  other.finish();
  expect(pair.lab.runUntil(() => over(other))).toBe(true);
  expect(Buffer.compare(joined(pair.far(other).parts), bytes)).toBe(0);
  const got = joined(pair.far(attacked).parts);
  expect(Buffer.compare(got, bytes.subarray(0, got.length))).toBe(0);
  return { pair, attacked };
}

describe('rubbish from anywhere', () => {
  test('changes nothing', () => {
    const pair = new Pair().connect();
    const rng = seededRng('rubbish');
    const stream = pair.connection.openStream()!;
    stream.write(new Uint8Array(300_000));
    for (let i = 0; i < 20_000; i += 1) {
      const bytes = rng.bytes(rng.below(100));
      if (bytes.length > 3 && rng.chance(0.8)) {
        bytes[0] = 0x50 + rng.below(4);
        bytes[1] = 0;
        bytes[2] = bytes.length - rng.below(3);
      }
      pair.server.handleDatagram(bytes, { host: '10.6.6.6', port: 1 + rng.below(9) }, pair.now);
      if (i % 1_000 === 0) pair.lab.step();
    }
    stream.finish();
    expect(pair.lab.runUntil(() => stream.sendState === 'finished')).toBe(true);
    expect(pair.server.stats.connections).toBe(1);
  });

  test('made of real packets, cut, changed and glued together, does not stop a transfer', () => {
    for (let seed = 0; seed < 5; seed += 1) {
      const pair = new Pair({ seed: `${seed}` }).connect();
      const rng = seededRng(`spoil ${seed}`);
      // Never the payload of bulk: what that does has a test of its own.
      pair.lab.network.interfere = (datagram): DatagramArrival[] => {
        const bytes = spoilt(datagram.bytes, rng);
        const harmless = isBulk(bytes) && isBulk(datagram.bytes) ? bytes.subarray(0, bulkHeaderBytes + 3) : bytes;
        return rng.chance(0.5) ? [{ ...datagram, bytes: harmless }, datagram] : [datagram];
      };
      const bytes = rng.bytes(300_000);
      const stream = pair.connection.openStream()!;
      stream.write(bytes);
      stream.finish();
      expect(pair.lab.runUntil(() => stream.sendState !== 'open')).toBe(true);
      expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
      expect(events([...pair.clientEvents, ...pair.serverEvents], 'connectionClosed')).toEqual([]);
    }
  });
});

describe('somebody who writes from the address of a remote', () => {
  test('and whose rubbish the system glues together with real datagrams costs none of them', () => {
    const rng = seededRng('glue');
    const waiting: Uint8Array[] = [];
    const { attacked, pair } = underAttack((datagram) => {
      if (!isBulk(datagram.bytes)) return [datagram];
      waiting.push(datagram.bytes);
      if (waiting.length < 10 && datagram.bytes.length === 1_472) return []; // the next ones come in the same moment
      const parts = waiting.splice(0).flatMap((one) => (rng.chance(0.3) ? [filler(rng, 1_472), one] : [one]));
      return [{ ...datagram, bytes: glued(parts) }];
    });
    expect(attacked.sendState).toBe('finished');
    expect(pair.connection.stats.packetsLost).toBe(0);
    expect(pair.client.stats.bytesSent).toBeLessThan(2_200_000);
  });
});

describe('a handshake under fire', () => {
  test('succeeds as soon as real messages get through', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const rng = seededRng(`fire ${seed}`);
      const pair = new Pair({ seed: `${seed}` });
      pair.lab.network.interfere = (datagram): DatagramArrival[] => {
        const changed = { ...datagram, bytes: spoilt(datagram.bytes, rng) };
        return rng.chance(0.5) ? [datagram, changed] : [changed, datagram];
      };
      pair.connect();
      expect([pair.connection.open, pair.serverConnection?.open]).toEqual([true, true]);
    }
  });
});

describe('somebody on the path', () => {
  test('who changes the payload of one bulk packet makes one record be sent again', () => {
    let done = false;
    const { attacked, pair } = underAttack((datagram) => {
      if (done || !isBulk(datagram.bytes) || datagram.bytes.length < 1_000) return [datagram];
      done = true;
      datagram.bytes[bulkHeaderBytes + 5]! ^= 1;
      return [datagram];
    });
    expect(done).toBe(true);
    expect(attacked.sendState).toBe('finished');
    expect(pair.client.stats.bytesSent).toBeLessThan(2_000_000 * 1.05 + 2 * 65_536);
    expect(pair.connection.open).toBe(true);
  });

  test('who changes every bulk packet ends the stream with a code, and no damaged byte is read', () => {
    const { pair, attacked } = underAttack((datagram) => {
      if (isBulk(datagram.bytes)) datagram.bytes[datagram.bytes.length - 1]! ^= 1;
      return [datagram];
    });
    expect(attacked.sendState).toBe('reset');
    expect(pair.far(attacked).reset).toBe('damaged');
    expect(pair.clientEvents.find(({ type }) => type === 'streamStopped')).toMatchObject({ reason: 'damaged' });
  });

  test('who forges the payload of all packets of one stream ruins that one, with a code, while others go on', () => {
    for (let victim = 0; victim < 4; victim += 1) {
      const rng = seededRng(`victim ${victim}`);
      const pair = new Pair({ profile: { delayMs: 10, loss: 0.01 }, seed: `${victim}` }).connect();
      const streams = [0, 1, 2, 3].map(() => ({ stream: pair.connection.openStream()!, bytes: rng.bytes(400_000) }));
      const { id } = streams[victim]!.stream;
      pair.lab.network.interfere = (datagram) => {
        const bytes = datagram.bytes.slice();
        for (const at of bulkOf(id, bytes)) bytes[at + bulkHeaderBytes]! ^= 1 + rng.below(255);
        return [{ ...datagram, bytes }, datagram]; // it is faster
      };
      for (const { stream, bytes } of streams) {
        stream.write(bytes);
        stream.finish();
      }
      expect(pair.lab.runUntil(() => streams.every(({ stream }) => over(stream)))).toBe(true);
      for (const [i, { stream, bytes }] of streams.entries()) {
        const { parts, reset } = pair.far(stream);
        const got = joined(parts);
        expect([stream.sendState, reset]).toEqual(i === victim ? ['reset', 'damaged'] : ['finished', undefined]);
        expect(Buffer.compare(got, i === victim ? bytes.subarray(0, got.length) : bytes)).toBe(0);
      }
      expect(events(pair.clientEvents, 'streamStopped')).toMatchObject([{ reason: 'damaged' }]);
      expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    }
  });

  test('who forges payloads under every real header, before or behind it, has no more success', () => {
    const rng = seededRng('forger');
    underAttack((datagram) => {
      if (!isBulk(datagram.bytes)) return [datagram];
      const forged = { ...datagram, bytes: datagram.bytes.slice() };
      forged.bytes.set(rng.bytes(20), bulkHeaderBytes);
      return rng.chance(0.5) ? [forged, datagram] : [datagram, forged];
    });
    expect(rng.uint32()).toBeGreaterThan(0);
  });

  test('who invents packet numbers and streams has none of them acknowledged or opened', () => {
    const rng = seededRng('inventor');
    const { attacked, pair } = underAttack((datagram) => {
      if (!isBulk(datagram.bytes)) return [datagram];
      const invented = datagram.bytes.slice();
      invented.set(rng.bytes(8), 11 + rng.below(18));
      return [{ ...datagram, bytes: invented }, datagram];
    });
    expect(attacked.sendState).toBe('finished');
    expect(events(pair.serverEvents, 'streamOpened').length).toBe(2);
    expect(pair.connection.stats.packetsLost).toBe(0);
  });

  test('who repeats everything, later too, changes nothing', () => {
    const seen: DatagramArrival[] = [];
    const rng = seededRng('repeater');
    const { attacked, pair } = underAttack((datagram) => {
      seen.push({ ...datagram, bytes: datagram.bytes.slice() });
      return [datagram, datagram, rng.pick(seen)!];
    });
    expect(attacked.sendState).toBe('finished');
    for (const { to, from, bytes } of seen)
      (to === clientAddress ? pair.client : pair.server).handleDatagram(bytes, from, pair.now);
    pair.lab.run(1_000);
    expect(pair.connection.open && pair.serverConnection!.open).toBe(true);
    expect(pair.server.stats.connections).toBe(1);
  });

  test('who repeats what a remote once sent does not keep alive a connection whose remote is gone', () => {
    const pair = new Pair({ config: { idleTimeoutMs: 5_000 } }).connect();
    const seen: DatagramArrival[] = [];
    pair.lab.network.interfere = (datagram) => {
      if (datagram.to === serverAddress) seen.push({ ...datagram, bytes: datagram.bytes.slice() });
      return [datagram];
    };
    pair.connection.openStream()!.write(new Uint8Array(50_000));
    pair.lab.run(1_000);
    pair.lab.remove(clientAddress);
    for (let ms = 0; ms < 6_000; ms += 100) {
      for (const { bytes, from } of seen) pair.server.handleDatagram(bytes.slice(), from, pair.now);
      pair.lab.run(100);
    }
    expect(events(pair.serverEvents, 'connectionClosed')).toMatchObject([{ reason: 'idleTimedOut' }]);
  });

  test('who reflects packets back to their sender changes nothing', () => {
    const { attacked } = underAttack((datagram) => [
      datagram,
      { bytes: datagram.bytes, from: datagram.to, to: datagram.from },
    ]);
    expect(attacked.sendState).toBe('finished');
  });
});

describe('a remote that is authenticated and hostile', () => {
  test('cannot make the other side throw or grow, whatever frames it sends', () => {
    const reasons = new Set<unknown>();
    for (let seed = 0; seed < 150; seed += 1) {
      const rng = seededRng(`frames ${seed}`);
      let hostile = false;
      const change = (plaintext: Uint8Array): Uint8Array =>
        !hostile || plaintext.length > 1_000
          ? plaintext
          : rng.bytes(plaintext.length).map((byte, i) => (i % 3 === 0 ? byte % 12 : byte >> rng.below(8)));
      const pair = new Pair({ client: { crypto: sealing(change) }, seed: `${seed}` }).connect();
      hostile = true;
      for (let i = 0; i < 30 && pair.connection.open; i += 1) {
        const stream = pair.connection.openStream();
        stream?.write(rng.bytes(rng.below(5_000)));
        stream?.reset(rng.below(100));
        pair.lab.run(50);
      }
      for (const event of events(pair.serverEvents, 'connectionClosed')) reasons.add(JSON.stringify(event, ['reason']));
      expect(events(pair.serverEvents, 'streamOpened').length).toBeLessThan(2_000);
      pair.lab.remove(clientAddress);
      pair.lab.run(60_000);
      expect(pair.server.stats.connections).toBe(0);
    }
    expect(reasons).toContain('{"reason":"protocolViolated"}');
  });

  test('that asks for more answers than leave is shut out', () => {
    let hostile = false;
    const pair = new Pair({
      client: { crypto: sealing((frames) => (hostile ? stops(frames) : frames)) },
      config: { remoteStreamsMax: 16_000 },
    }).connect();
    hostile = true;
    for (let i = 0; i < 16_000; i += 1) pair.connection.openStream()!.reset(1); // packets that arrive together
    pair.lab.run(100);
    expect(events(pair.serverEvents, 'connectionClosed')).toMatchObject([{ reason: 'protocolViolated' }]);
  });

  test('never makes the receiving side hold more than its windows', () => {
    const pair = new Pair({ config: { streamWindowBytes: 131_072, connectionWindowBytes: 200_000 } });
    pair.reading = false;
    pair.connect();
    for (let i = 0; i < 5; i += 1) {
      const stream = pair.connection.openStream()!;
      // The remote does as if it had been granted everything.
      stream.sending.raiseLimit(2 ** 40);
      stream.write(new Uint8Array(1_000_000));
    }
    pair.lab.run(2_000);
    let held = 0;
    for (const stream of pair.received.keys()) if (!stream.local) held += stream.receiving.heldBytes;
    expect(held).toBeGreaterThan(100_000);
    expect(held).toBeLessThanOrEqual(200_000);
  });
});
