import { describe, expect, test } from 'vitest';
import { instant, seededRng } from '@shoal/machine';
import type { Stream, TransportConfig } from '../src/index.ts';
import { MtuSearch } from '../src/path/mtu-search.ts';
import type { PathProfile } from '../src/testing/index.ts';
import { clientAddress, joined, Pair } from './pair.ts';

const bytes = seededRng('bytes').bytes(3_000_000);
const link = { delayMs: 10, rateBytesPerSecond: 5_000_000, queueBytes: 500_000 };

function begin(
  profile: PathProfile,
  config: Partial<TransportConfig> = {},
  content = bytes,
): { pair: Pair; stream: Stream } {
  const pair = new Pair({ profile, config }).connect();
  const stream = pair.connection.openStream()!;
  stream.write(content);
  stream.finish();
  return { pair, stream };
}

/** True when everything has arrived as it was sent, within `ms`. */
function completes(pair: Pair, stream: Stream, ms: number): boolean {
  const whole = pair.lab.runUntil(() => stream.sendState === 'finished', ms);
  return whole && Buffer.compare(joined(pair.far(stream).parts), bytes) === 0;
}

describe('a path', () => {
  test.each([
    [1_472, 1_472],
    [1_464, 1_464],
    [1_440, 1_432],
    [1_399, 1_392],
    [1_280, 1_232],
    [1_200, 1_200],
  ])('that swallows datagrams above %i bytes is given %i', (mtuBytes, found) => {
    const { pair, stream } = begin({ ...link, mtuBytes });
    expect(completes(pair, stream, 6_000)).toBe(true);
    expect(pair.connection.stats.datagramBytes).toBe(found);
  });

  test.each([
    [65_507, 65_507],
    [9_000, 8_972],
    [1_472, 1_472],
  ])('that carries %i bytes is given %i where so much is allowed', (mtuBytes, found) => {
    const { pair, stream } = begin({ ...link, mtuBytes }, { datagramBytes: 1_200, datagramBytesMax: 65_507 });
    expect(completes(pair, stream, 6_000)).toBe(true);
    expect(pair.connection.stats.datagramBytes).toBe(found);
  });

  test('is not searched for the sake of a small request', () => {
    const config = { datagramBytes: 1_200, datagramBytesMax: 65_507 };
    const { pair, stream } = begin({ delayMs: 10 }, config, bytes.subarray(0, 20_000));
    let largest = 0;
    pair.lab.network.interfere = (datagram) => {
      largest = Math.max(largest, datagram.bytes.length);
      return [datagram];
    };
    expect(pair.lab.runUntil(() => stream.sendState === 'finished', 1_000)).toBe(true);
    expect(largest).toBe(1_200);
  });

  test('is searched without anything being lost by it', () => {
    const pair = new Pair({
      profile: { delayMs: 10, mtuBytes: 1_472 },
      config: { datagramBytes: 1_200, datagramBytesMax: 65_507 },
    }).connect();
    const stream = pair.connection.openStream()!;
    for (let i = 0; i < 100; i += 1) {
      stream.write(bytes.subarray(0, 10_000));
      pair.lab.run(20);
    }
    expect(pair.connection.stats).toMatchObject({ datagramBytes: 1_472, packetsLost: 0 });
    expect(pair.lab.network.lost).toBeGreaterThan(0); // the probes
  });

  test.each([
    [1_472, 1_300],
    [65_507, 1_472],
    [65_507, 1_200],
  ])('that shrinks from %i to %i in the middle of a transfer is followed', (before, mtuBytes) => {
    const { pair, stream } = begin({ ...link, mtuBytes: before }, { datagramBytesMax: 65_507 });
    pair.lab.run(150);
    expect(pair.connection.stats.datagramBytes).toBe(before);
    pair.lab.network.profile = { ...link, mtuBytes };
    expect(completes(pair, stream, 10_000)).toBe(true);
    expect(pair.connection.stats.datagramBytes).toBeLessThanOrEqual(mtuBytes);
  });

  test('that grows again is found again after ten minutes', () => {
    const { pair, stream } = begin({ ...link, mtuBytes: 1_300 });
    expect(completes(pair, stream, 6_000)).toBe(true);
    expect(pair.connection.stats.datagramBytes).toBe(1_300);
    pair.lab.network.profile = link;
    pair.lab.run(600_000);
    const again = pair.connection.openStream()!;
    again.write(bytes);
    pair.lab.run(2_000);
    expect(pair.connection.stats.datagramBytes).toBe(1_472);
  });

  test('that only loses is not taken for a black hole', () => {
    for (const loss of [0.02, 0.1]) {
      const { pair, stream } = begin({ ...link, loss });
      expect(completes(pair, stream, 60_000)).toBe(true);
      expect(pair.connection.stats.datagramBytes).toBe(1_472);
    }
  });

  test('that is silent for a second is not taken for a black hole', () => {
    const { pair, stream } = begin(link);
    pair.lab.run(150);
    pair.lab.network.profile = { ...link, loss: 1 };
    pair.lab.run(1_000);
    pair.lab.network.profile = link;
    expect(completes(pair, stream, 10_000)).toBe(true);
    expect(pair.connection.stats.datagramBytes).toBe(1_472);
  });

  test('is searched anew from the base size after a move', () => {
    const { pair, stream } = begin({ ...link, mtuBytes: 1_472 });
    pair.lab.run(150);
    pair.lab.network.profile = { ...link, mtuBytes: 1_400 };
    pair.lab.move(clientAddress, { host: '10.7.0.1', port: 1 });
    expect(completes(pair, stream, 10_000)).toBe(true);
    expect(pair.connection.stats.datagramBytes).toBe(1_392);
  });
});

describe('the search', () => {
  test('tries a size three times, then smaller ones, and comes to an end', () => {
    const search = new MtuSearch(1_200, 65_507);
    const tried: number[] = [];
    let now = instant(0);
    for (let size = search.wanted; size !== undefined; size = search.wanted) {
      search.probeSent(size, tried.length, 100, now);
      tried.push(size);
      now = instant(now + 100);
      if (size <= 1_412) search.probeAcked([tried.length - 1, tried.length], now);
      else search.handleTimeout(now);
    }
    expect(tried.slice(0, 4)).toEqual([65_507, 65_507, 65_507, 1_472]);
    expect(search.bytes).toBe(1_412);
    expect(tried.length).toBeLessThan(20);
  });

  test('believes only the acknowledgement of the probe itself', () => {
    const search = new MtuSearch(1_200, 1_472);
    search.probeSent(1_472, 5, 100, instant(0));
    expect(search.probeAcked([6, 9, 0, 5], instant(1))).toBe(false);
    expect(search.bytes).toBe(1_200);
    expect(search.probeAcked([5, 6], instant(1))).toBe(true);
    expect(search.bytes).toBe(1_472);
  });

  test('counts one suspicion a round trip, and none once a large packet got through', () => {
    const search = new MtuSearch(1_472, 1_472);
    const lose = (at: number): boolean => search.packetsLost(1_400, 50, instant(at));
    expect([lose(0), lose(1), lose(2), lose(60)]).toEqual([false, false, false, false]);
    search.packetsAcked(1_400);
    expect([lose(120), lose(180)]).toEqual([false, false]);
    search.packetsAcked(100);
    expect(lose(240)).toBe(true);
    expect(search.bytes).toBe(1_200);
  });
});
