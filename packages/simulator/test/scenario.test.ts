import { loadWasmHashes } from '@shoal/chunker';
import { nodeCrypto } from '@shoal/transport-udp/node';
import { describe, expect, test } from 'vitest';
import {
  fluidBoundMs,
  type Rates,
  runScenario,
  type Scenario,
  type ScenarioResult,
  scenarioFor,
  scenarios,
} from '../src/index.ts';

const hashes = await loadWasmHashes();

const small = { receivers: 20, totalBytes: 5_000_000 };

const run = (name: string, seed: string, change: Partial<Scenario> = {}): ScenarioResult =>
  runScenario({ scenario: { ...scenarioFor(name, seed, small)!, ...change }, seed, hashes, crypto: nodeCrypto });

/** A quarter of the bytes over lines a quarter as fast: as long, so what goes wrong still finds it at work, but cheaper. */
function thin(name: string, seed: string): Partial<Scenario> {
  const { totalBytes, owner, receivers: all, network } = scenarioFor(name, seed, small)!;
  const lines = { totalBytes: Math.ceil(totalBytes / 4), owner: slow(owner), receivers: all.map(slow) };
  if (network.type === 'fluid') return lines;
  const { rateBytesPerSecond = Infinity, queueBytes = Infinity } = network.path;
  const path = { ...network.path, rateBytesPerSecond: rateBytesPerSecond / 4, queueBytes: queueBytes / 4 };
  return { ...lines, network: { ...network, path } };
}

function slow<Line extends Rates>(line: Line): Line {
  const { upBytesPerSecond, downBytesPerSecond } = line;
  return { ...line, upBytesPerSecond: upBytesPerSecond / 4, downBytesPerSecond: downBytesPerSecond / 4 };
}

const lastMs = (result: ScenarioResult): number => Math.max(...result.finishedAtMs.map((at) => at ?? Infinity));

describe('the same seed gives the same trace, another seed another', () => {
  test.each(['churn', 'faults', 'liars', 'mixed', 'rough'])(
    '%s',
    (name) => {
      const [first, again, other] = ['a', 'a', 'b'].map((seed) => run(name, seed, thin(name, seed)));
      expect(again).toEqual(first);
      expect(other?.traceHash).not.toBe(first?.traceHash);
    },
    30_000,
  ); // the first of them waits for the engine to warm up

  test('whatever hashes and ciphers are used', () => {
    const scenario: Scenario = { ...scenarioFor('lossy', 'a')!, totalBytes: 600_000 };
    const fast = runScenario({ scenario, seed: 'a', hashes, crypto: nodeCrypto });
    expect(runScenario({ scenario, seed: 'a' })).toEqual(fast);
  });
});

describe('a simulated swarm', () => {
  test('of 50 receivers brings everything to everybody, most of it not from the owner', () => {
    const { totalBytes } = small;
    const scenario = scenarioFor('together', 'a', { receivers: 50, totalBytes })!;
    const result = runScenario({ scenario, seed: 'a', hashes });
    expect(result.problems).toEqual([]);
    expect(result.finishedAtMs).toHaveLength(50);
    expect(lastMs(result)).toBeGreaterThanOrEqual(result.boundMs);
    for (const row of result.bytesFrom) expect(row.reduce((sum, bytes) => sum + bytes, 0)).toBe(totalBytes);
    expect(result.ownerCopies).toBeLessThan(1.1);
    expect(result.wastedBytes).toBeLessThan(totalBytes / 2);
    expect(Object.values(result.uplinks!).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  }, 30_000);

  test('of hundreds that come at once links also those who meet only peers that are full', () => {
    const scenario = scenarioFor('together', 'a', { receivers: 120, totalBytes: 200_000 })!;
    const result = runScenario({ scenario, seed: 'a', hashes });
    expect(result.problems).toEqual([]);
    expect(lastMs(result)).toBeLessThan(8_000); // trackers are asked again of our own accord after 10 s
  }, 30_000);

  test('goes on when the owner goes after little more than one copy', () => {
    const result = run('mixed', 'a');
    expect(result.problems).toEqual([]);
    expect(result.ownerCopies).toBeLessThan(1.2);
    expect(lastMs(result)).toBeGreaterThanOrEqual(result.boundMs);
  });

  test('does without peers that freeze while it is under way', () => {
    const result = run('frozen', 'a');
    expect(result.problems).toEqual([]);
    expect(result.finishedAtMs.filter((at) => at === undefined)).toHaveLength(1);
  });

  test.each(['a', 'b', 'c'])('shows viewers the first byte within a second (seed %s)', (seed) => {
    const scenario = scenarioFor('streaming', seed, { receivers: 6, totalBytes: 10_000_000 })!;
    const result = runScenario({ scenario, seed, hashes });
    expect(result.problems).toEqual([]);
    expect(result.viewers).toHaveLength(2);
    for (const { firstByteMs, isDone } of result.viewers) {
      expect(isDone).toBe(true);
      expect(firstByteMs).toBeLessThan(1_000);
    }
  });

  test('lets those who come when it is spread watch without a stall, while others fetch', () => {
    const scenario = scenarioFor('together', 'a', { receivers: 6, totalBytes: 10_000_000 })!;
    const late = { ...scenario.receivers[0]!, arrivesAtMs: 6_000 };
    const viewer = { ...late, watchesAtBytesPerSecond: 1_000_000 };
    const receivers = [...scenario.receivers, late, viewer, late, viewer];
    const result = runScenario({ scenario: { ...scenario, receivers }, seed: 'a', hashes });
    expect(result.problems).toEqual([]);
    expect(result.viewers.map(({ stalls }) => stalls)).toEqual([0, 0]);
  });

  test('serves those who give nothing a third of what the others get, and the rest afterwards', () => {
    const result = run('riders', 'a', { totalBytes: 50_000_000 });
    expect(result.problems).toEqual([]);
    expect(result.ridersShare).toBeLessThan(1 / 2);
    expect(result.finishedAtMs).not.toContain(undefined);
  }, 30_000);

  test('goes on while the tracker is down, and lets newcomers in when it is back', () => {
    const result = run('outage', 'a');
    expect(result.problems).toEqual([]);
    expect(Math.max(...result.finishedAtMs.slice(0, 10).map((at) => at ?? Infinity))).toBeLessThan(20_000);
    for (const at of result.finishedAtMs.slice(10)) expect(at).toBeGreaterThan(20_000);
  });

  test('bans liars and nobody else, and keeps their chunks out', () => {
    const scenario = scenarioFor('liars', 'a')!;
    const result = run('liars', 'a');
    expect(result.problems).toEqual([]);
    const liars = scenario.receivers.flatMap(({ lies = false }, i) => (lies ? [i + 1] : []));
    expect(liars).toHaveLength(4);
    expect(result.banned.length).toBeGreaterThan(0);
    for (const peer of result.banned) expect(liars).toContain(peer);
  });

  test.each(['a', 'b', 'c', 'd'])('survives peers that are killed and come back (seed %s)', (seed) => {
    expect(run('churn', seed, thin('churn', seed)).problems).toEqual([]);
  });

  test('names who is not done when the time is over', () => {
    const result = run('together', 'a', { untilMs: 1_000 });
    expect(result.problems).toEqual([expect.stringMatching(/^not done after 1000 ms: peers 1 \(\d+ chunks\)/)]);
    expect(result.finishedAtMs).toContain(undefined);
  });
});

test('every scenario is made from its seed alone', () => {
  for (const { name } of scenarios) {
    const path = (seed: string): unknown => scenarioFor(name, seed);
    expect(path('a')).toEqual(path('a'));
  }
  expect(scenarioFor('mixed', 'a', { receivers: 3 })?.receivers).toHaveLength(3);
  expect(scenarioFor('churn', 'a')).not.toEqual(scenarioFor('churn', 'b'));
  expect(scenarioFor('nothing', 'a')).toBeUndefined();
});

const receivers = (count: number, up: number, down: number) =>
  Array.from({ length: count }, () => ({ upBytesPerSecond: up, downBytesPerSecond: down }));

test('the fluid bound is the largest of its three limits', () => {
  const bound = (ownerUp: number, group: ReturnType<typeof receivers>): number =>
    fluidBoundMs({ totalBytes: 1_000, ownerUpBytesPerSecond: ownerUp, receivers: group });
  expect(bound(100, receivers(1, 1_000, 1_000))).toBe(10_000); // the owner's uplink
  expect(bound(1_000, receivers(2, 1_000, 50))).toBe(20_000); // the slowest downlink
  expect(bound(1_000, receivers(10, 100, Infinity))).toBe(5_000); // all uplinks together
});
