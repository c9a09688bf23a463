// The named scenarios. Each draws what it leaves open from the seed.

import { chunkBytesFor } from '@shoal/chunker';
import { type Rng, seededRng } from '@shoal/machine';
import { fluidBoundMs } from '@shoal/peer';
import { drawFaults } from './drawn-faults.ts';
import type { Rates } from './fluid-medium.ts';
import type { Fault, Receiver, Scenario } from './scenario.ts';

/** What may be said of a scenario that has an open size. */
export interface ScenarioSize {
  readonly receivers: number;
  readonly totalBytes: number;
}

export interface NamedScenario {
  readonly name: string;
  /** What it is about, in a few words. */
  readonly about: string;
  /** Of those with an open size, what they have unless said otherwise. */
  readonly size?: ScenarioSize;
  /** What the project's own check runs of it: three seeds in the usual size unless said otherwise. */
  readonly gate?: { readonly seeds?: number; readonly size?: ScenarioSize };
  readonly make: (rng: Rng, size: ScenarioSize) => Scenario;
}

const megabit = 1_000_000 / 8;
const megabyte = 1_000_000;
const chunkBytes = 102_400;
const fluid = { type: 'fluid', delayMs: 10 } as const;

/** Usual subscribers: 20 Mbit/s up, 200 down. */
const home: Rates = { upBytesPerSecond: 20 * megabit, downBytesPerSecond: 200 * megabit };

const receivers = (count: number, more: Partial<Receiver> = {}): Receiver[] =>
  Array.from({ length: count }, () => ({ ...home, ...more }));

/** A path on which everything happens that can happen to a datagram. */
const badPath: Scenario['network'] = {
  type: 'datagrams',
  path: {
    delayMs: 15,
    jitterMs: 5,
    loss: 0.02,
    duplicate: 0.01,
    corrupt: 0.0005,
    rateBytesPerSecond: 50 * megabit,
    queueBytes: 256 * 1_024,
  },
};

const killAndStart = (peer: number, atMs: number, downMs: number): Fault[] => [
  { type: 'killPeer', atMs, peer },
  { type: 'startPeer', atMs: atMs + downMs, peer },
];

/** What the scenarios have in common unless they say otherwise. */
const usual = { totalBytes: 10 * megabyte, chunkBytes, owner: home, network: fluid, untilMs: 300_000 } as const;

/** 50 receivers of 100 MB. */
const usualSize: ScenarioSize = { receivers: 50, totalBytes: 100 * megabyte };

export const scenarios: readonly NamedScenario[] = [
  {
    name: 'one',
    about: 'a lone receiver',
    make: () => ({ ...usual, receivers: receivers(1) }),
  },
  {
    name: 'together',
    about: 'all at once, 20 Mbit/s up and 200 down',
    size: usualSize,
    gate: { size: { receivers: 8, totalBytes: 25 * megabyte } },
    make: (_rng, size) => together(size),
  },
  {
    name: 'mixed',
    about: '1 to 100 Mbit/s up, one after another; 30 % go when done, the owner after 1.05 copies',
    size: usualSize,
    gate: { size: { receivers: 24, totalBytes: 10 * megabyte } },
    make: mixed,
  },
  {
    name: 'frozen',
    about: 'all at once; 5 % freeze mid-transfer and stay linked',
    size: usualSize,
    gate: { seeds: 1, size: { receivers: 20, totalBytes: 10 * megabyte } },
    make: frozen,
  },
  {
    name: 'riders',
    about: 'all at once; a quarter take and give nothing',
    size: { receivers: 16, totalBytes: 100 * megabyte },
    gate: { seeds: 1, size: { receivers: 16, totalBytes: 10 * megabyte } },
    make: (rng, size) => {
      const count = Math.max(1, Math.round(size.receivers / 4));
      const mixedUp = rng.shuffle([...receivers(size.receivers - count), ...receivers(count, { rides: true })]);
      return { ...together(size), receivers: mixedUp };
    },
  },
  {
    name: 'large',
    about: '1,000 receivers of 1,000 chunks: minutes',
    size: { receivers: 1_000, totalBytes: 1_000 * chunkBytes },
    gate: { seeds: 0 },
    make: (_rng, size) => together(size),
  },
  {
    name: 'streaming',
    about: 'every third watches at 8 Mbit/s from its arrival on, half of them late',
    size: { receivers: 12, totalBytes: 50 * megabyte },
    gate: { seeds: 1, size: { receivers: 6, totalBytes: 10 * megabyte } },
    make: streaming,
  },
  {
    name: 'faults',
    about: 'whatever can go wrong, drawn from the seed; then all is well and everybody honest finishes',
    gate: { seeds: 200 },
    make: faulty,
  },
  { name: 'outage', about: 'the tracker dies early; receivers come while it is down', make: outage },
  {
    name: 'liars',
    about: '20 receivers, 4 of which serve damaged chunks',
    make: (rng) => ({
      ...usual,
      receivers: rng.shuffle([...receivers(16), ...receivers(4, { lies: true })]),
    }),
  },
  { name: 'churn', about: '20 receivers and the owner are killed and started again, some for good', make: churn },
  {
    name: 'slow',
    about: '2 of 20 receivers freeze half-way: their uplinks fall to a trickle',
    make: (rng) => ({
      ...usual,
      receivers: receivers(20),
      faults: [1, 2].map((peer) => ({
        type: 'setRates',
        atMs: 1_000 + rng.below(2_000),
        peer,
        rates: { ...home, upBytesPerSecond: 1_000 },
      })),
    }),
  },
  {
    name: 'packets',
    about: '4 receivers over the real transport, a clean path of 50 Mbit/s',
    make: () => ({
      ...usual,
      totalBytes: 3 * megabyte,
      receivers: receivers(4),
      network: {
        type: 'datagrams',
        path: { delayMs: 10, rateBytesPerSecond: 50 * megabit, queueBytes: 128 * 1_024 },
      },
    }),
  },
  {
    name: 'lossy',
    about: '4 receivers over the real transport: 2 % lost, some late, twice or damaged',
    make: () => ({ ...usual, totalBytes: 2 * megabyte, receivers: receivers(4), network: badPath }),
  },
  {
    name: 'rough',
    about: 'the same path, while the tracker, the owner and 2 of the receivers are killed and started again',
    make: (rng) => ({
      ...usual,
      totalBytes: 2 * megabyte,
      receivers: receivers(4),
      network: badPath,
      faults: [
        { type: 'stopTracker', atMs: 200 + rng.below(1_000) },
        ...[0, 1, 2].flatMap((peer) => killAndStart(peer, 500 + rng.below(4_000), 200 + rng.below(6_000))),
        { type: 'startTracker', atMs: 8_000 },
      ],
    }),
  },
];

/** The scenario of that name for a seed, in its usual size unless said otherwise; undefined when there is none. */
export function scenarioFor(name: string, seed: string, size: Partial<ScenarioSize> = {}): Scenario | undefined {
  const known = scenarios.find((scenario) => scenario.name === name);
  return known?.make(seededRng(seed).fork('scenario'), { ...(known.size ?? usualSize), ...size });
}

function together({ receivers: count, totalBytes }: ScenarioSize): Scenario {
  return { ...usual, totalBytes, chunkBytes: chunkBytesFor(totalBytes), receivers: receivers(count) };
}

/** They come over as long as it would take if all came at once. */
function mixed(rng: Rng, size: ScenarioSize): Scenario {
  const { totalBytes } = size;
  const uplinks = receivers(size.receivers).map(({ downBytesPerSecond }) => {
    return { upBytesPerSecond: 100 ** rng.float() * megabit, downBytesPerSecond };
  });
  const overMs = fluidBoundMs({ totalBytes, ownerUpBytesPerSecond: home.upBytesPerSecond, receivers: uplinks });
  return {
    ...together(size),
    ownerCopiesMax: 1.05,
    receivers: uplinks.map(({ upBytesPerSecond, downBytesPerSecond }) => ({
      upBytesPerSecond,
      downBytesPerSecond,
      arrivesAtMs: rng.float() * overMs,
      leavesWhenDone: rng.chance(0.3),
    })),
  };
}

/** Somewhere in the middle half of the time that the transfer takes at least. */
function frozen(rng: Rng, size: ScenarioSize): Scenario {
  const all = together(size);
  const { totalBytes } = size;
  const boundMs = (totalBytes / home.upBytesPerSecond) * 1_000;
  const count = Math.max(1, Math.round(size.receivers / 20));
  const peers = rng.shuffle(all.receivers.map((_, i) => i + 1)).slice(0, count);
  const faults = peers.map((peer) => ({ type: 'freezePeer', peer, atMs: boundMs * (0.25 + rng.float() / 2) }) as const);
  return { ...all, faults };
}

/** The first come together with all the others and with the owner alone; the rest while the swarm is busy, or done. */
function streaming(rng: Rng, size: ScenarioSize): Scenario {
  const all = together(size);
  const boundMs = (size.totalBytes / home.upBytesPerSecond) * 1_000;
  const viewers = all.receivers.map((receiver, i) => {
    if (i % 3 !== 0) return receiver;
    return { ...receiver, watchesAtBytesPerSecond: 8 * megabit, arrivesAtMs: i % 2 === 0 ? 0 : rng.float() * boundMs };
  });
  return { ...all, receivers: viewers };
}

/** A slow swarm, so that what goes wrong in the first half minute finds it at work. */
function faulty(rng: Rng): Scenario {
  const count = 5 + rng.below(4);
  const healedAtMs = 5_000 + rng.below(20_000);
  const rates: Rates = { upBytesPerSecond: megabit, downBytesPerSecond: 10 * megabit };
  const liars = rng.chance(0.3) ? 1 + rng.below(2) : 0;
  return {
    ...usual,
    totalBytes: 1_000_000 + rng.below(500_000),
    chunkBytes: 20_480,
    owner: rates,
    receivers: rng.shuffle(
      Array.from({ length: count }, (_, i) => ({
        ...rates,
        lies: i < liars,
        ...(rng.chance(0.3) && { arrivesAtMs: rng.below(healedAtMs) }),
      })),
    ),
    faults: drawFaults(rng, { receivers: count, healedAtMs }),
    ...(rng.chance(0.3) && { babblers: { count: 1 + rng.below(3), untilMs: healedAtMs } }),
  };
}

/** The first ten have met when the tracker dies, the last two come while it is down and wait for it. */
function outage(rng: Rng): Scenario {
  const late = { arrivesAtMs: 3_000 + rng.below(2_000) };
  return {
    ...usual,
    receivers: [...receivers(10), ...receivers(2, late)],
    faults: [
      { type: 'stopTracker', atMs: 500 + rng.below(1_000) },
      { type: 'startTracker', atMs: 20_000 },
    ],
  };
}

/** Most come back, with what they had; two receivers stay away. The owner comes back too. */
function churn(rng: Rng): Scenario {
  const count = 20;
  const faults: Fault[] = [];
  for (let peer = 0; peer <= count; peer += 1) {
    if (peer > 2 && rng.chance(0.5)) continue;
    const [kill, start] = killAndStart(peer, 500 + rng.below(5_000), 200 + rng.below(6_000));
    faults.push(kill!);
    const staysAway = peer === 1 || peer === 2;
    if (!staysAway) faults.push(start!);
  }
  return { ...usual, receivers: receivers(count), faults };
}
