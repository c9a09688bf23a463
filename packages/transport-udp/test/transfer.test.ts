import { describe, expect, test } from 'vitest';
import { seededRng } from '@shoal/machine';
import { nobleCrypto, type Stream } from '../src/index.ts';
import type { PathProfile } from '../src/testing/index.ts';
import { joined, Pair, type PairOptions } from './pair.ts';

/** Sends `bytes` on a new stream and waits until the remote has acknowledged the end. */
function send(pair: Pair, bytes: Uint8Array, ms = 600_000): Stream {
  const stream = pair.connection.openStream()!;
  stream.write(bytes);
  stream.finish();
  expect(pair.lab.runUntil(() => stream.sendState === 'finished', ms)).toBe(true);
  return stream;
}

/** True when the remote has read exactly `bytes` and the end. */
function arrived(pair: Pair, stream: Stream, bytes: Uint8Array): boolean {
  const received = pair.far(stream);
  return received.ended && Buffer.compare(joined(received.parts), bytes) === 0;
}

describe('a transfer', () => {
  test.each([0, 1, 1_437, 1_438, 65_520, 65_521, 1_000_000])('of %i bytes arrives whole', (size) => {
    const pair = new Pair().connect();
    const bytes = seededRng('bytes').bytes(size);
    expect(arrived(pair, send(pair, bytes), bytes)).toBe(true);
  });

  test('of 64 MiB arrives whole, and its memory is bounded by the windows', () => {
    const pair = new Pair({ profile: { delayMs: 1 }, config: { streamWindowBytes: 2 ** 20 } }).connect();
    const bytes = seededRng('bytes').bytes(2 ** 20);
    const stream = pair.connection.openStream()!;
    for (let i = 0; i < 64; i += 1) stream.write(bytes);
    stream.finish();
    let parts = 0;
    while (stream.sendState !== 'finished') {
      expect(pair.lab.step()).toBe(true);
      const received = pair.far(stream);
      expect(stream.sending.retainedBytes).toBeLessThanOrEqual(2 ** 20 + 65_536);
      for (const part of received.parts.splice(0)) {
        expect(Buffer.compare(part, bytesAt(bytes, parts, part.length))).toBe(0);
        parts += part.length;
      }
    }
    expect(parts).toBe(64 * 2 ** 20);
  });

  test.each<[string, PathProfile]>([
    ['loss', { delayMs: 10, loss: 0.05 }],
    ['reordering', { delayMs: 10, jitterMs: 15 }],
    ['duplication', { delayMs: 10, duplicate: 0.3 }],
    ['a narrow link with a short queue', { delayMs: 20, rateBytesPerSecond: 1_000_000, queueBytes: 30_000 }],
    ['heavy loss', { delayMs: 5, loss: 0.3 }],
    ['corruption', { delayMs: 10, corrupt: 0.01 }],
    ['all at once', { delayMs: 10, loss: 0.05, jitterMs: 10, duplicate: 0.1, corrupt: 0.01 }],
  ])('survives %s', (_name, profile) => {
    for (const seed of ['1', '2', '3', '4']) {
      const pair = new Pair({ profile, seed }).connect();
      const bytes = seededRng(seed).bytes(500_000);
      expect(arrived(pair, send(pair, bytes), bytes)).toBe(true);
    }
  });

  test('survives an outage of five seconds', () => {
    const pair = new Pair().connect();
    const bytes = seededRng('bytes').bytes(3_000_000);
    const stream = pair.connection.openStream()!;
    stream.write(bytes);
    stream.finish();
    pair.lab.run(60);
    pair.lab.network.profile = { delayMs: 10, loss: 1 };
    pair.lab.run(5_000);
    pair.lab.network.profile = { delayMs: 10 };
    expect(pair.lab.runUntil(() => stream.sendState === 'finished')).toBe(true);
    expect(arrived(pair, stream, bytes)).toBe(true);
  });

  test('works both ways on one stream, with the plain TypeScript primitives too', () => {
    const options: PairOptions = { client: { crypto: nobleCrypto } };
    const pair = new Pair(options);
    const [there, back] = [seededRng('there').bytes(200_000), seededRng('back').bytes(300_000)];
    pair.onServerStream = (stream) => {
      stream.write(back);
      stream.finish();
    };
    const stream = (pair.connect(), pair.connection.openStream()!);
    stream.write(there);
    stream.finish();
    expect(pair.lab.runUntil(() => stream.receiveState === 'finished' && pair.far(stream).ended)).toBe(true);
    expect(Buffer.compare(joined(pair.receivedOf(stream).parts), back)).toBe(0);
    expect(arrived(pair, stream, there)).toBe(true);
  });

  test('of many streams at once is fair, and none mixes with another', () => {
    const pair = new Pair({ profile: { delayMs: 5, rateBytesPerSecond: 20_000_000, queueBytes: 200_000 } }).connect();
    const streams = Array.from({ length: 200 }, (_, i) => {
      const stream = pair.connection.openStream()!;
      stream.write(seededRng(`${i}`).bytes(20_000));
      stream.finish();
      return stream;
    });
    const half = (): boolean => streams.filter((stream) => pair.far(stream).bytes > 0).length > 150;
    expect(pair.lab.runUntil(half)).toBe(true);
    expect(pair.lab.runUntil(() => streams.every((stream) => stream.sendState === 'finished'))).toBe(true);
    for (const [i, stream] of streams.entries())
      expect(arrived(pair, stream, seededRng(`${i}`).bytes(20_000))).toBe(true);
  });

  test('of many small writes packs them together', () => {
    const pair = new Pair().connect();
    const stream = pair.connection.openStream()!;
    for (let i = 0; i < 5_000; i += 1) stream.write(Uint8Array.of(i, i >> 8));
    stream.finish();
    const before = pair.lab.network.sent;
    pair.lab.runUntil(() => stream.sendState === 'finished');
    expect(pair.far(stream).bytes).toBe(10_000);
    expect(pair.lab.network.sent - before).toBeLessThan(20);
  });

  test('urgent streams go before bulk', () => {
    const pair = new Pair({ profile: { delayMs: 5, rateBytesPerSecond: 1_000_000, queueBytes: 100_000 } }).connect();
    const bulk = pair.connection.openStream()!;
    bulk.priority = 2;
    bulk.write(new Uint8Array(2_000_000));
    pair.lab.run(500);
    const urgent = pair.connection.openStream()!;
    urgent.priority = 0;
    urgent.write(new Uint8Array(1_000));
    urgent.finish();
    const began = pair.now;
    expect(pair.lab.runUntil(() => urgent.sendState === 'finished')).toBe(true);
    expect(pair.now - began).toBeLessThan(250);
    expect(pair.far(bulk).bytes).toBeLessThan(1_500_000);
  });

  test('repeats exactly from its seed', () => {
    expect(trace()).toEqual(trace());
  });
});

function bytesAt(repeated: Uint8Array, at: number, length: number): Uint8Array {
  const from = at % repeated.length;
  const first = repeated.subarray(from, from + length);
  return first.length === length ? first : joined([first, repeated.subarray(0, length - first.length)]);
}

function trace(): unknown {
  const pair = new Pair({ profile: { delayMs: 10, loss: 0.05, jitterMs: 5 }, seed: 'same' }).connect();
  send(pair, new Uint8Array(300_000));
  return [pair.now, pair.lab.network.sent, pair.lab.network.lost, pair.connection.stats];
}
