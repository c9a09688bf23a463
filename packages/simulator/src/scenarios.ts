// The named scenarios. Each draws what it leaves open from the seed.

import { type Rng, seededRng } from '@shoal/machine';
import type { Rates } from './fluid-medium.ts';
import type { Fault, Receiver, Scenario } from './scenario.ts';

export interface NamedScenario {
  readonly name: string;
  /** What it is about, in a few words. */
  readonly about: string;
  /** Takes seconds and not tenths of one. */
  readonly isHeavy?: boolean;
  readonly make: (rng: Rng) => Scenario;
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

export const scenarios: readonly NamedScenario[] = [
  {
    name: 'one',
    about: 'a lone receiver',
    make: () => ({ ...usual, receivers: receivers(1) }),
  },
  {
    name: 'eight',
    about: '8 receivers at once',
    make: () => ({ ...usual, totalBytes: 25 * megabyte, receivers: receivers(8) }),
  },
  {
    name: 'fifty',
    about: '50 receivers at once',
    isHeavy: true,
    make: () => ({ ...usual, receivers: receivers(50) }),
  },
  {
    name: 'mixed',
    about: '24 receivers of 1 to 100 Mbit/s up that come one after another, a third leaving when done',
    make: (rng) => ({
      ...usual,
      receivers: Array.from({ length: 24 }, () => ({
        upBytesPerSecond: 100 ** rng.float() * megabit,
        downBytesPerSecond: home.downBytesPerSecond,
        arrivesAtMs: rng.float() * 8_000,
        leavesWhenDone: rng.chance(0.3),
      })),
    }),
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

/** The scenario of that name for a seed; undefined when there is none. */
export function scenarioFor(name: string, seed: string): Scenario | undefined {
  return scenarios.find((known) => known.name === name)?.make(seededRng(seed).fork('scenario'));
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
