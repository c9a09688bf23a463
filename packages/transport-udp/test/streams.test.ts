import { describe, expect, test } from 'vitest';
import { applicationCodes, type Stream } from '../src/index.ts';
import { Pair } from './pair.ts';

const remoteEvents = (pair: Pair, type: string): { type: string; stream?: Stream; reason?: unknown }[] =>
  pair.serverEvents.filter((event) => event.type === type);

describe('flow control', () => {
  test('a reader that stops reading bounds what is sent, and reading on lets it finish', () => {
    const pair = new Pair({ config: { streamWindowBytes: 262_144 } });
    pair.reading = false;
    const stream = (pair.connect(), pair.connection.openStream()!);
    stream.write(new Uint8Array(2_000_000));
    stream.finish();
    pair.lab.run(5_000);
    expect(stream.sending.finalOffset).toBeLessThanOrEqual(262_144);
    expect(stream.queuedBytes).toBeGreaterThan(1_700_000);
    pair.reading = true;
    const far = [...pair.received.keys()].find((other) => other.id === stream.id);
    pair.read(far!);
    expect(pair.lab.runUntil(() => stream.sendState === 'finished')).toBe(true);
    expect(pair.far(stream).bytes).toBe(2_000_000);
  });

  test('streams that nobody reads do not stall one that is read', () => {
    const pair = new Pair({ config: { streamWindowBytes: 131_072, connectionWindowBytes: 10 * 131_072 } });
    pair.reading = false;
    pair.connect();
    const unread = Array.from({ length: 5 }, () => pair.connection.openStream()!);
    for (const stream of unread) stream.write(new Uint8Array(1_000_000));
    pair.lab.run(1_000);
    pair.reading = true;
    const stream = pair.connection.openStream()!;
    stream.write(new Uint8Array(3_000_000));
    stream.finish();
    expect(pair.lab.runUntil(() => stream.sendState === 'finished')).toBe(true);
    expect(unread.every((other) => other.sending.finalOffset <= 131_072)).toBe(true);
  });

  test('the window of the connection bounds all streams together', () => {
    const pair = new Pair({ config: { streamWindowBytes: 2 ** 20, connectionWindowBytes: 400_000 } });
    pair.reading = false;
    pair.connect();
    const streams = Array.from({ length: 4 }, () => pair.connection.openStream()!);
    for (const stream of streams) stream.write(new Uint8Array(1_000_000));
    pair.lab.run(5_000);
    expect(streams.reduce((sum, stream) => sum + stream.sending.finalOffset, 0)).toBeLessThanOrEqual(400_000);
    pair.reading = true;
    for (const far of pair.received.keys()) pair.read(far);
    expect(pair.lab.runUntil(() => streams.every((stream) => pair.far(stream).bytes === 1_000_000))).toBe(true);
  });

  test('more streams than the remote takes wait until it takes more', () => {
    const pair = new Pair({ config: { remoteStreamsMax: 4 } }).connect();
    pair.onServerStream = (stream) => stream.finish();
    const open = Array.from({ length: 4 }, () => pair.connection.openStream()!);
    expect(pair.connection.openStream()).toBeUndefined();
    for (const stream of open) stream.finish();
    const available = (): boolean => pair.clientEvents.some(({ type }) => type === 'streamsAvailable');
    expect(pair.lab.runUntil(available)).toBe(true);
    expect(pair.connection.openStream()).toBeDefined();
  });

  test('thousands of short streams pass one after another', () => {
    const pair = new Pair({ profile: { delayMs: 1 }, config: { remoteStreamsMax: 16 } });
    pair.onServerStream = (stream) => stream.finish();
    pair.connect();
    const done = (): number => pair.clientEvents.filter(({ type }) => type === 'streamFinished').length;
    for (let asked = 0; asked < 3_000;) {
      const stream = pair.connection.openStream();
      if (stream === undefined) {
        if (pair.lab.step()) continue;
        break;
      }
      asked += 1;
      stream.write(Uint8Array.of(1));
      stream.finish();
    }
    expect(pair.lab.runUntil(() => done() === 3_000)).toBe(true);
    expect(pair.client.stats.bytesSent).toBeLessThan(3_000 * 200);
  });
});

describe('giving up', () => {
  test('a reset reaches the remote with its code, and frees the window it used', () => {
    const pair = new Pair({ config: { streamWindowBytes: 131_072, connectionWindowBytes: 262_144 } });
    pair.reading = false;
    pair.connect();
    for (let i = 0; i < 10; i += 1) {
      const stream = pair.connection.openStream()!;
      stream.write(new Uint8Array(200_000));
      pair.lab.run(200);
      stream.reset(7);
      pair.lab.run(200);
    }
    expect(remoteEvents(pair, 'streamReset').map(({ reason }) => reason)).toEqual(Array.from({ length: 10 }, () => 7));
    pair.reading = true;
    const last = pair.connection.openStream()!;
    last.write(new Uint8Array(100_000));
    last.finish();
    expect(pair.lab.runUntil(() => last.sendState === 'finished')).toBe(true);
  });

  test('a stop ends the other side of the stream, and later streams still have the whole window', () => {
    const pair = new Pair({ config: { streamWindowBytes: 131_072, connectionWindowBytes: 262_144 } });
    pair.onServerStream = (stream) => {
      if (pair.serverEvents.filter(({ type }) => type === 'streamOpened').length <= 20) stream.stop(9);
    };
    pair.connect();
    for (let i = 0; i < 20; i += 1) {
      const stream = pair.connection.openStream()!;
      stream.write(new Uint8Array(200_000));
      expect(pair.lab.runUntil(() => stream.sendState === 'reset')).toBe(true);
    }
    const stopped = pair.clientEvents.filter((event) => event.type === 'streamStopped');
    expect(stopped.map((event) => event.type === 'streamStopped' && event.reason)).toEqual(
      Array.from({ length: 20 }, () => 9),
    );
    const last = pair.connection.openStream()!;
    last.write(new Uint8Array(200_000));
    last.finish();
    expect(pair.lab.runUntil(() => last.sendState === 'finished')).toBe(true);
    expect(pair.far(last).bytes).toBe(200_000);
  });

  test('an application code cannot pass for one of the transport', () => {
    const pair = new Pair().connect();
    const stream = pair.connection.openStream()!;
    stream.write(Uint8Array.of(1));
    stream.reset(0);
    pair.lab.run(100);
    expect(remoteEvents(pair, 'streamReset')[0]!.reason).toBe(0);
    expect(applicationCodes).toBeGreaterThan(255);
  });
});
