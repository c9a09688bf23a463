import { instant } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { FullPipe } from '../src/congestion/bbr-filters.ts';
import { DeliveryRate } from '../src/congestion/delivery-rate.ts';
import { QueueSigns } from '../src/congestion/queue-signs.ts';
import { Bbr, type CongestionFactory, controllerFor, Cubic, Ledbat } from '../src/index.ts';
import { type PathProfile, type PathProfileName, pathProfiles } from '../src/testing/index.ts';
import { Flows } from './flows.ts';
import { clientAddress, endpointFrom, Pair } from './pair.ts';

/** Narrow, so that long runs are cheap to simulate; two round trips of queue. */
const shared: PathProfile = { delayMs: 10, rateBytesPerSecond: 2_500_000, queueBytes: 100_000 };

const normal = controllerFor('normal');
const background = controllerFor('background');
const cubic: CongestionFactory = (datagramBytes) => new Cubic(datagramBytes);

describe('the controller chosen by default', () => {
  test.each<[PathProfileName, least: number, ms: number]>([
    ['lan-1g', 850, 200],
    ['wan-100m', 88, 2_000],
    ['lossy-1pct', 86, 3_000],
    ['lossy-5pct', 80, 3_000],
    ['lossy-wifi', 42, 3_000],
    ['satellite', 13, 15_000],
    ['bufferbloat', 17, 5_000],
    ['mobile', 20, 10_000],
    ['corrupt', 88, 2_000],
    ['reorder', 88, 2_000],
  ])('makes use of %s: at least %d Mbit/s', (name, least, ms) => {
    const flows = new Flows(pathProfiles[name], name);
    const flow = flows.start(normal);
    flows.run(Math.max(500, 10 * pathProfiles[name].delayMs));
    expect(flows.measure([flow], ms)[0]).toBeGreaterThan(least);
  });

  test('makes up for the time that an event loop stands still', () => {
    const flows = new Flows(pathProfiles['wan-100m'], 'c', { everyMs: 40, forMs: 6 });
    const flow = flows.start(normal);
    flows.run(500);
    expect(flows.measure([flow], 3_000)[0]).toBeGreaterThan(88);
  });

  test.each([
    [true, 3],
    [false, 9],
  ])('does not take a late turn for a full path: with a queue (%s) it takes %d rounds', (queued, rounds) => {
    const pipe = new FullPipe();
    pipe.onRound(100, queued);
    for (let i = 1; i < rounds; i += 1) pipe.onRound(110, queued);
    expect(pipe.reached).toBe(false);
    pipe.onRound(110, queued);
    expect(pipe.reached).toBe(true);
  });

  test('keeps a queue that could hold a second nearly empty', () => {
    const flows = new Flows(pathProfiles.bufferbloat);
    const flow = flows.start(normal);
    flows.run(8_000);
    expect(flow.connection.stats.srttMs).toBeLessThan(60);
  });

  test('shares a path fairly with itself, though it comes later', () => {
    const flows = new Flows(shared);
    const first = flows.start(normal);
    flows.run(2_000);
    const both = [first, flows.start(normal)];
    flows.run(15_000);
    expect(jain(flows.measure(both, 20_000))).toBeGreaterThan(0.95);
  });

  test('leaves a CUBIC flow its part, and takes its own', () => {
    const flows = new Flows(shared);
    const theirs = flows.start(cubic);
    flows.run(2_000);
    const ours = flows.start(normal);
    flows.run(15_000);
    const [a, b] = flows.measure([ours, theirs], 20_000);
    expect(a! / (a! + b!)).toBeGreaterThan(0.4);
    expect(a! / (a! + b!)).toBeLessThan(0.75);
  });
});

describe('a background transfer', () => {
  test.each<[string, CongestionFactory]>([
    ['CUBIC', cubic],
    ['the default', normal],
  ])('yields nine tenths to %s, and takes the path back when that stops', (_name, controller) => {
    const flows = new Flows(shared);
    const quiet = flows.start(background);
    flows.run(3_000);
    const busy = flows.start(controller);
    flows.run(3_000);
    const [mine, theirs] = flows.measure([quiet, busy], 5_000);
    expect(theirs! / (mine! + theirs!)).toBeGreaterThan(0.9);
    busy.active = false;
    flows.run(6_000);
    expect(flows.measure([quiet], 5_000)[0]).toBeGreaterThan(15);
  });

  test('stays below 100 ms of queue on a path that could hold a second', () => {
    const flows = new Flows(pathProfiles.bufferbloat);
    const flow = flows.start(background);
    flows.run(15_000);
    expect(flow.connection.stats.srttMs).toBeLessThan(120);
  });
});

describe('a curve', () => {
  test.each<[string, PathProfileName, CongestionFactory]>([
    ['cubic', 'wan-100m', cubic],
    ['bbr', 'wan-100m', normal],
    ['bbr', 'lossy-5pct', normal],
    ['ledbat', 'wan-100m', background],
  ])('of %s over %s is as it was', async (controller, name, factory) => {
    const profile = pathProfiles[name];
    const flows = new Flows(profile, 'curve');
    const flow = flows.start(factory);
    const lines = ['ms     window  pace Mbit/s'];
    for (let i = 0; i < 60; i += 1) {
      flows.run(2 * profile.delayMs);
      const { cwndBytes, pacingRateBytesPerSecond } = flow.connection.stats;
      const [window, pace] = [cwndBytes / 1_472, pacingRateBytesPerSecond / 125_000];
      lines.push(`${`${Math.round(flows.now)}`.padEnd(6)} ${`${Math.round(window)}`.padEnd(7)} ${Math.round(pace)}`);
    }
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`./curves/${controller}-${name}.txt`);
  });
});

describe('samples of the delivery rate', () => {
  test('are bytes delivered over the time that took, as seen from the newest packet', () => {
    const rate = new DeliveryRate();
    for (let n = 0; n < 200; n += 1) send(rate, n, n, 1_000 * (n + 1));
    expect(rate.sample(instant(200), 10)).toBeUndefined();
    rate.acknowledged(0, 1_000, instant(0));
    expect(rate.sample(instant(10), 10)).toMatchObject({ rateBytesPerMs: 100, rttMs: 10, sentInFlightBytes: 1_000 });
    for (let n = 1; n < 150; n += 1) rate.acknowledged(n, 1_000, instant(n));
    const sample = rate.sample(instant(160), 10)!;
    expect(sample).toMatchObject({ deliveredBytes: 150_000, priorDeliveredBytes: 0, sentInFlightBytes: 150_000 });
    expect(sample.rateBytesPerMs).toBeCloseTo(150_000 / 160);
  });

  test('taken over less than the least round trip say nothing', () => {
    const rate = new DeliveryRate();
    send(rate, 0, 0, 1_000);
    rate.acknowledged(0, 1_000, instant(0));
    expect(rate.sample(instant(5), 10)!.rateBytesPerMs).toBe(0);
  });

  test('are marked while the application holds the sender back, and no longer', () => {
    const rate = new DeliveryRate();
    send(rate, 0, 0, 1_000);
    rate.limitedByApplication(1_000);
    send(rate, 1, 1, 2_000);
    const limited = [0, 1].map((n) => {
      rate.acknowledged(n, 1_000, instant(n));
      return rate.sample(instant(20 + n), 10)!.appLimited;
    });
    expect(limited).toEqual([false, true]);
    send(rate, 2, 30, 1_000);
    rate.acknowledged(2, 1_000, instant(30));
    expect(rate.sample(instant(50), 10)!.appLimited).toBe(false);
  });

  test('know how much was lost since a packet left', () => {
    const rate = new DeliveryRate();
    for (let n = 0; n < 3; n += 1) send(rate, n, n, 1_000 * (n + 1));
    rate.lost(0, 1_000);
    expect(rate.lost(1, 1_000)).toMatchObject({ packetNumber: 1, lostBytes: 2_000, sentInFlightBytes: 2_000 });
    send(rate, 3, 9, 2_000);
    rate.acknowledged(3, 1_000, instant(9));
    expect(rate.sample(instant(20), 10)!.lostBytes).toBe(0);
  });
});

describe('signs of a queue', () => {
  test('are long round trips, or heavy loss over three rounds', () => {
    const signs = new QueueSigns();
    signs.onAck(40);
    expect(signs.congested(40)).toBe(false);
    signs.onRound(0.1);
    signs.onAck(60);
    expect(signs.congested(40)).toBe(true);
    signs.onRound(0.5);
    signs.onAck(41);
    signs.onRound(0.5);
    signs.onAck(41);
    expect(signs.congested(40)).toBe(false);
    signs.onRound(0.5);
    expect(signs.congested(40)).toBe(true);
  });
});

describe('priority', () => {
  test('chooses the controller', () => {
    expect(controllerFor('background')(1_472)).toBeInstanceOf(Ledbat);
    expect(controllerFor('normal')(1_472)).toBeInstanceOf(Bbr);
    expect(controllerFor('max')(1_472)).toBeInstanceOf(Bbr);
  });

  test('can be told for one connection alone', () => {
    const pair = new Pair().connect();
    const quiet = pair.client.connect({ ...clientAddress, port: 2_000, host: '10.0.0.2' }, pair.now, {
      priority: 'background',
    })!;
    pair.lab.runUntil(() => quiet.open);
    expect(quiet.stats.cwndBytes).toBe(2 * 1_472);
    expect(pair.connection.stats.cwndBytes).toBeGreaterThan(2 * 1_472);
  });

  test('that there is not is refused', () => {
    expect(() => endpointFrom('x', { config: { priority: 'high' as 'max' } })).toThrow(/priority/);
  });
});

function send(rate: DeliveryRate, n: number, at: number, inFlight: number): void {
  rate.sent(n, 0, 1_000, inFlight, instant(at));
}

/** Jain's index of fairness: 1 when all get the same. */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}
