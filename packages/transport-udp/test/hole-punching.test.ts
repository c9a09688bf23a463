import { describe, expect, test } from 'vitest';
import { formatAddress, type LinkFact, peerId, seededRng, toHex } from '@shoal/machine';
import { type Connection, type Endpoint, type EndpointEvent, LinkCarrier } from '../src/index.ts';
import { nodeCrypto } from '../src/node/node-crypto.ts';
import { type DatagramNetwork, Lab, type PathProfile } from '../src/testing/index.ts';
import { endpointFrom } from './pair.ts';

const [left, right] = [
  { host: '10.1.0.1', port: 1_111 },
  { host: '10.2.0.1', port: 2_222 },
];

/** Both ends stand behind a NAT that lets in only what comes from where they have sent to. */
function restrict(network: DatagramNetwork): void {
  const opened = new Set<string>();
  network.interfere = (datagram) => {
    const [from, to] = [formatAddress(datagram.from), formatAddress(datagram.to)];
    opened.add(`${from} ${to}`);
    return opened.has(`${to} ${from}`) ? [datagram] : [];
  };
}

class Punch {
  readonly lab: Lab<EndpointEvent>;
  readonly ends: readonly [Endpoint, Endpoint];
  readonly events: readonly [EndpointEvent[], EndpointEvent[]];
  dialled: (Connection | undefined)[] = [];

  constructor(profile: PathProfile, seed: string) {
    this.lab = new Lab(profile, seed);
    this.ends = [endpointFrom(`${seed}/left`), endpointFrom(`${seed}/right`)];
    this.events = [this.lab.add(left, this.ends[0]), this.lab.add(right, this.ends[1])];
  }

  dial(end: 0 | 1, expecting = true): void {
    const expect = expecting ? { expect: this.ends[1 - end]!.peer } : {};
    this.dialled[end] = this.ends[end].connect(end === 0 ? right : left, this.lab.now, expect);
    this.lab.drain();
  }

  /** What came of it, after bytes went both ways and a while passed: `met` when all is well. */
  outcome(): unknown {
    const [a, b] = this.dialled as [Connection, Connection];
    if (!this.lab.runUntil(() => a.open && b.open, 9_000)) return 'never open';
    const streams = [a.openStream()!, b.openStream()!];
    for (const stream of streams) {
      stream.write(Uint8Array.of(1));
      stream.finish();
    }
    if (!this.lab.runUntil(() => streams.every(({ sendState }) => sendState === 'finished'))) return 'not usable';
    this.lab.run(15_000);
    return {
      diallers: Number(a.dialler) + Number(b.dialler),
      sides: [a, b].map((connection, i) => ({
        open: connection.open,
        knows: connection.peer === this.ends[1 - i]!.peer,
        connections: this.ends[i]!.stats.connections,
        opened: this.events[i]!.filter(({ type }) => type === 'connectionOpened').map(
          (event) => event.connection === connection,
        ),
        closed: this.events[i]!.filter(({ type }) => type === 'connectionClosed').length,
      })),
    };
  }
}

const side = { open: true, knows: true, connections: 1, opened: [true], closed: 0 };
/** One connection on each side, and it is the one that was dialled. */
const met = { diallers: 1, sides: [side, side] };

describe('two endpoints that dial each other at once', () => {
  test('meet in one connection', () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const punch = new Punch({ delayMs: 20 }, `${seed}`);
      punch.dial(0);
      punch.dial(1);
      expect(punch.outcome()).toEqual(met);
    }
  });

  test('meet through two port-restricted NATs, whoever comes first', () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const rng = seededRng(`punch ${seed}`);
      const punch = new Punch({ delayMs: 30, jitterMs: 20, loss: seed % 3 === 0 ? 0.2 : 0 }, `${seed}`);
      restrict(punch.lab.network);
      punch.dial(0, seed % 2 === 0);
      punch.lab.run(rng.float() * 400);
      punch.dial(1, seed % 2 === 0);
      expect(punch.outcome()).toEqual(met);
    }
  });

  test('with first packets of one age meet the same way every time', () => {
    const winners = Array.from({ length: 5 }, (_, seed) => {
      const punch = new Punch({ delayMs: 20 }, `winner ${seed}`);
      punch.dial(0);
      punch.dial(1);
      expect(punch.outcome()).toEqual(met);
      const [one, other] = punch.ends;
      return [punch.dialled[0]!.dialler, one.peer < other.peer];
    });
    // The smaller identity leads, and what it finishes first is its own dial.
    expect(winners.map(([dialler]) => dialler)).toEqual(winners.map(([, smaller]) => smaller));
  });

  test('cannot meet when only one of them dials', () => {
    const punch = new Punch({ delayMs: 20 }, 'alone');
    restrict(punch.lab.network);
    punch.dial(0);
    punch.lab.run(20_000);
    expect(punch.events[0]).toMatchObject([{ type: 'connectionClosed', reason: 'handshakeTimedOut' }]);
    expect(punch.events[1]).toEqual([]);
  });

  test('do not take somebody else for the one they expect', () => {
    const punch = new Punch({ delayMs: 20 }, 'else');
    const expect0 = peerId('ab'.repeat(32))!;
    punch.dialled[0] = punch.ends[0].connect(right, punch.lab.now, { expect: expect0 });
    punch.dialled[1] = punch.ends[1].connect(left, punch.lab.now);
    punch.lab.run(20_000);
    expect(punch.events[0]).toMatchObject([{ type: 'connectionClosed', reason: 'authenticationFailed' }]);
    expect(punch.dialled[0]!.open).toBe(false);
  });

  test('are not kept apart by first packets that somebody sends in the name of one of them', () => {
    const punch = new Punch({ delayMs: 20 }, 'spoofed');
    const buffer = new Uint8Array(2_000);
    punch.dial(0);
    for (let i = 0; i < 20; i += 1) {
      const forger = endpointFrom(`forger ${i}`);
      forger.connect(left, punch.lab.now);
      const { length } = forger.pollTransmit(buffer, punch.lab.now)!;
      punch.ends[0].handleDatagram(buffer.slice(0, length), right, punch.lab.now);
      punch.lab.drain();
    }
    punch.dial(1);
    expect(punch.outcome()).toEqual(met);
  });
});

test('an endpoint that dials itself meets itself in two connections', () => {
  const lab = new Lab<EndpointEvent>({ delayMs: 5 }, 'self');
  const end = endpointFrom('self');
  const events = lab.add(left, end);
  end.connect(left, lab.now);
  lab.run(1_000);
  expect(events.map(({ type }) => type)).toEqual(['connectionOpened', 'connectionOpened']);
});

test('two link carriers that dial each other have one link, and each dial is answered by it', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const rng = seededRng(`links ${seed}`);
    const lab = new Lab<LinkFact>({ delayMs: 30, jitterMs: 30 }, `${seed}`);
    restrict(lab.network);
    const carriers = [0, 1].map(
      () =>
        new LinkCarrier({
          crypto: nodeCrypto,
          keyPair: nodeCrypto.keyPairOf(rng.bytes(32)),
          randomBytes: (count) => rng.bytes(count),
        }),
    );
    const facts = carriers.map((carrier, i) => lab.add([left, right][i]!, carrier));
    for (const [i, carrier] of carriers.entries())
      carrier.perform({ type: 'dial', dial: 7 + i, address: [right, left][i]! }, lab.now);
    lab.run(3_000);
    const opened = facts.map((list) => list.filter((fact) => fact.type === 'linkOpened'));
    expect(opened.map((list) => list.map(({ dial }) => dial))).toEqual([[7], [8]]);
    for (const [i, carrier] of carriers.entries())
      carrier.perform({ type: 'sendMessage', link: opened[i]![0]!.link, message: Uint8Array.of(i) }, lab.now);
    lab.run(1_000);
    const messages = facts.map((list) =>
      list.flatMap((fact) => (fact.type === 'messageReceived' ? [fact.message] : [])),
    );
    expect(messages.map((list) => list.map(toHex))).toEqual([['01'], ['00']]);
    expect(carriers.map(({ linkCount }) => linkCount)).toEqual([1, 1]);
  }
});
