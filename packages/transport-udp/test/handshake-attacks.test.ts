// What somebody on the path, or a bad network, can do to a handshake: spoil messages of its own time, and nothing else. A
// dial ends by its remote, or by the clock.

import { describe, expect, test } from 'vitest';
import type { Endpoint, EndpointEvent } from '../src/index.ts';
import { handshakeHeaderBytes, packetKinds, viewOf } from '../src/packet/header.ts';
import type { DatagramArrival } from '../src/testing/index.ts';
import { clientAddress, endpointFrom, Pair, serverAddress } from './pair.ts';

const stepOf = ({ bytes }: DatagramArrival): number | undefined =>
  bytes[0] === packetKinds.handshake ? bytes[20] : undefined;
const changed = (datagram: DatagramArrival, at: number): DatagramArrival => {
  const bytes = datagram.bytes.slice();
  bytes[at]! ^= 1;
  return { ...datagram, bytes };
};
const opened = (events: EndpointEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === 'connectionOpened' ? [event.connection.peer] : []));

/** Dials with `expect`, as whoever knows whom to meet does. */
function dial(pair: Pair): void {
  pair.connection = pair.client.connect(serverAddress, pair.now, { expect: pair.server.peer })!;
  pair.lab.runUntil(() => pair.connection.open && pair.serverConnection?.open === true);
}

/** Who each side is connected to. */
const metBy = (pair: Pair): unknown[] =>
  [pair.connection, pair.serverConnection].map((side) => (side?.open === true ? side.peer : undefined));
const eachOther = (pair: Pair): unknown[] => [pair.server.peer, pair.client.peer];

test('a dial survives messages that are lost, damaged and doubled', () => {
  const profile = { delayMs: 20, loss: 0.2, duplicate: 0.2, corrupt: 0.05 };
  for (let seed = 0; seed < 300; seed += 1) {
    const pair = new Pair({ profile, seed: `${seed}` }).connect();
    expect([seed, pair.connection.open, pair.serverConnection?.open]).toEqual([seed, true, true]);
  }
});

describe('somebody on the path of a handshake', () => {
  test.each([2, 3])('does not end it by sending message %d changed, over and over, before the true one', (step) => {
    const pair = new Pair();
    pair.lab.network.interfere = (datagram) =>
      stepOf(datagram) === step ? [...Array.from({ length: 20 }, () => changed(datagram, 60)), datagram] : [datagram];
    dial(pair);
    expect(metBy(pair)).toEqual(eachOther(pair));
  });

  test('does not end it by answering first, as somebody else', () => {
    const pair = new Pair();
    const buffer = new Uint8Array(2_000);
    pair.lab.network.interfere = (datagram) => {
      if (stepOf(datagram) !== 1) return [datagram];
      const other = endpointFrom('somebody else');
      other.handleDatagram(datagram.bytes.slice(), clientAddress, pair.now);
      const { length } = other.pollTransmit(buffer, pair.now)!;
      return [datagram, { from: serverAddress, to: clientAddress, bytes: buffer.slice(0, length) }];
    };
    dial(pair);
    expect(metBy(pair)).toEqual(eachOther(pair));
  });

  test('who keeps the true answer back wins time, and the dial ends with what was heard', () => {
    const pair = new Pair();
    pair.lab.network.interfere = (datagram) => (stepOf(datagram) === 2 ? [changed(datagram, 60)] : [datagram]);
    dial(pair);
    expect(pair.clientEvents).toMatchObject([{ type: 'connectionClosed', reason: 'authenticationFailed' }]);
    expect(opened(pair.serverEvents)).toEqual([]);
  });

  test('opens nothing by replaying a handshake it saw', () => {
    const pair = new Pair();
    const seen: DatagramArrival[] = [];
    pair.lab.network.interfere = (datagram) => {
      seen.push({ ...datagram, bytes: datagram.bytes.slice() });
      return [datagram];
    };
    dial(pair);
    pair.connection.close(pair.now);
    pair.lab.run(20_000); // both have forgotten the connection
    pair.lab.network.interfere = undefined;
    const repeat = (endpoint: Endpoint, address: typeof clientAddress): void => {
      for (const { to, from, bytes } of seen)
        if (to === address) {
          endpoint.handleDatagram(bytes.slice(), from, pair.now);
          pair.lab.run(100);
        }
    };
    repeat(pair.server, serverAddress);
    repeat(pair.client, clientAddress);
    pair.lab.run(20_000);
    expect([opened(pair.clientEvents).length, opened(pair.serverEvents).length]).toEqual([1, 1]);
    expect([pair.client.stats.connections, pair.server.stats.connections]).toEqual([0, 0]);
  });

  test('gets no larger answer than it asked for by repeating the second message, shortened', () => {
    const pair = new Pair();
    const seen: Uint8Array[] = [];
    pair.lab.network.interfere = (datagram) => {
      if (stepOf(datagram) === 2) seen.push(datagram.bytes.slice());
      return datagram.to === serverAddress || stepOf(datagram) === 2 ? [datagram] : []; // never confirmed
    };
    pair.connection = pair.client.connect(serverAddress, pair.now)!;
    pair.lab.runUntil(() => pair.connection.open);
    pair.lab.run(1);
    const short = seen[0]!.slice(0, handshakeHeaderBytes + 1);
    viewOf(short).setUint16(1, short.length);
    short.fill(0, handshakeHeaderBytes - 2); // no message, no token
    const before = pair.client.stats.bytesSent;
    for (let i = 0; i < 100; i += 1) {
      pair.client.handleDatagram(short.slice(), serverAddress, pair.now);
      pair.lab.run(0.1);
    }
    expect(pair.client.stats.bytesSent - before).toBeLessThanOrEqual(100 * short.length);
  });

  test('does not make a dial take an answer to another one', () => {
    const pair = new Pair();
    const answers: DatagramArrival[] = [];
    pair.lab.network.interfere = (datagram) => {
      if (stepOf(datagram) !== 2) return [datagram];
      const older = answers.at(-1);
      answers.push({ ...datagram, bytes: datagram.bytes.slice() });
      if (older === undefined) return [datagram];
      older.bytes.set(datagram.bytes.subarray(0, 11), 0); // sent to the new dial's id
      return [older, datagram];
    };
    for (let i = 0; i < 5; i += 1) {
      dial(pair);
      expect(metBy(pair)).toEqual(eachOther(pair));
    }
    expect(answers.length).toBe(5);
  });

  test('does not make a dial meet itself by reflecting what it sends', () => {
    const pair = new Pair();
    pair.lab.network.interfere = (datagram) => [
      { bytes: datagram.bytes, from: datagram.to, to: datagram.from },
      datagram,
    ];
    dial(pair);
    expect(metBy(pair)).toEqual(eachOther(pair));
    pair.lab.run(20_000);
    expect([opened(pair.clientEvents), opened(pair.serverEvents)]).toEqual([[pair.server.peer], [pair.client.peer]]);
  });
});
