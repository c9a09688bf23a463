import { describe, expect, test } from 'vitest';
import { seededRng } from '@shoal/machine';
import { Cubic, type EventSink, type PacketEvent, type TransportEvent } from '../src/index.ts';
import { clientAddress, Pair, type PairOptions } from './pair.ts';

class Listener implements EventSink {
  readonly events: TransportEvent[] = [];
  readonly packets: PacketEvent[] = [];

  onEvent(event: TransportEvent): void {
    this.events.push(event);
  }

  onPacket(event: PacketEvent): void {
    this.packets.push(event);
  }

  of<T extends TransportEvent['type']>(type: T): Extract<TransportEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as Extract<TransportEvent, { type: T }>[];
  }

  contents(type: PacketEvent['type']): string[] {
    return this.packets
      .filter((packet) => packet.type === type)
      .map(({ kind, packetNumber, contents }) => JSON.stringify([kind, packetNumber, contents]));
  }
}

function listened(options: PairOptions = {}): { pair: Pair; client: Listener; server: Listener } {
  const [client, server] = [new Listener(), new Listener()];
  const pair = new Pair({ ...options, client: { ...options.client, events: client }, server: { events: server } });
  return { pair: pair.connect(), client, server };
}

function send(pair: Pair, bytes: number): void {
  const stream = pair.connection.openStream()!;
  stream.write(seededRng('bytes').bytes(bytes));
  stream.finish();
  expect(pair.lab.runUntil(() => stream.sendState === 'finished', 60_000)).toBe(true);
}

const link = { delayMs: 20, rateBytesPerSecond: 2_000_000, queueBytes: 100_000 };

describe('events', () => {
  test('tell the life of a connection at both ends', () => {
    const { pair, client, server } = listened();
    send(pair, 1_000);
    pair.connection.close(pair.now, 7);
    pair.lab.run(60_000);
    for (const [listener, dialler] of [[client, true] as const, [server, false] as const]) {
      const life = listener.events.filter(({ type }) => type.startsWith('connection'));
      expect(life).toMatchObject([
        { type: 'connectionStarted', dialler, group: pair.connection.id },
        { type: 'connectionOpened', peer: dialler ? pair.server.peer : pair.client.peer },
        { type: 'connectionClosed', reason: 7, byRemote: !dialler },
        { type: 'connectionForgotten' },
      ]);
      expect(new Set(listener.events.map(({ connection }) => connection)).size).toBe(1);
      expect(listener.events.map(({ at }) => at)).toEqual(listener.events.map(({ at }) => at).sort((a, b) => a - b));
    }
    expect(server.events[0]!.connection).toBe(pair.serverConnection!.id);
  });

  test('tell why a dial came to nothing', () => {
    const { client, pair } = listened({ config: { handshakeTimeoutMs: 300 } });
    pair.client.connect({ host: '10.9.9.9', port: 9 }, pair.now);
    pair.lab.run(1_000);
    const [, life] = [...Map.groupBy(client.events, ({ connection }) => connection).values()];
    expect(life).toMatchObject([
      { type: 'connectionStarted', dialler: true },
      { type: 'connectionClosed', reason: 'handshakeTimedOut', byRemote: false },
      { type: 'connectionForgotten' },
    ]);
  });

  test('count losses, and those that were none, as the statistics do', () => {
    const profile = { ...link, loss: 0.02, reorder: 0.02, reorderByMs: 30 };
    const { pair, client } = listened({ profile });
    send(pair, 3_000_000);
    const { packetsLost, packetsSpurious, bytesLost, bytesResent } = pair.connection.stats;
    const lost = client.of('packetsLost').flatMap(({ packetNumbers }) => packetNumbers);
    expect(packetsSpurious).toBeGreaterThan(0);
    expect(lost).toHaveLength(packetsLost);
    expect(bytesResent).toBeGreaterThan(0);
    expect(bytesResent).toBeLessThan(1.2 * bytesLost);
    expect(new Set(lost).size).toBe(lost.length);
    expect(client.of('lossesSpurious').reduce((sum, { count }) => sum + count, 0)).toBe(packetsSpurious);
  });

  test('tell what recovery and the controller make of it', () => {
    const { pair, client } = listened({ profile: link, client: { congestion: (bytes) => new Cubic(bytes) } });
    send(pair, 3_000_000);
    expect(client.of('congestionStateChanged').slice(0, 2)).toMatchObject([
      { from: undefined, to: 'slowStart' },
      { from: 'slowStart', to: 'congestionAvoidance' },
    ]);
    const { srttMs, cwndBytes, bytesInFlight } = pair.connection.stats;
    expect(client.of('metricsUpdated').at(-1)!.metrics).toMatchObject({ srttMs, cwndBytes, bytesInFlight });
  });

  test('tell that the remote has moved, and that the path carries less', () => {
    const { pair, client, server } = listened({ profile: { ...link, mtuBytes: 1_300 } });
    send(pair, 3_000_000);
    expect(client.of('mtuChanged')[0]).toMatchObject({ fromBytes: 1_472, toBytes: 1_200 });
    expect(client.of('mtuChanged').at(-1)).toMatchObject({ toBytes: 1_300 });
    const moved = { host: '10.7.0.1', port: 5 };
    pair.lab.move(clientAddress, moved);
    send(pair, 300_000);
    expect(server.of('pathChanged')).toMatchObject([{ from: clientAddress, to: moved }]);
  });

  test('name every packet, with what it carries', () => {
    const { pair, client, server } = listened({ profile: { delayMs: 10 } });
    send(pair, 200_000);
    pair.connection.close(pair.now);
    pair.lab.run(60_000);
    // Nothing is lost on this link: what one end sends is what the other receives, in order.
    expect(server.contents('packetReceived')).toEqual(client.contents('packetSent'));
    expect(client.contents('packetReceived')).toEqual(server.contents('packetSent'));
    const pieces = client.packets.filter(({ kind, type }) => kind === 'bulk' && type === 'packetSent');
    const carried = pieces.flatMap(({ contents }) => contents).filter((content) => content.type === 'piece');
    expect(carried.reduce((sum, { length }) => sum + length, 0)).toBe(200_000 + 4 * 16);
    expect(carried.filter(({ last }) => last)).toHaveLength(1);
  });

  test('are not made into packets for those who do not ask', () => {
    const events: TransportEvent[] = [];
    const pair = new Pair({ client: { events: { onEvent: (event) => events.push(event) } } }).connect();
    send(pair, 100_000);
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['connectionStarted', 'connectionOpened', 'congestionStateChanged', 'metricsUpdated']),
    );
  });
});
