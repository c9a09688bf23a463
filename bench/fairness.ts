// How two flows share one link: npm run bench -- fairness [options]
//   --seconds 30 --rounds 1      how long both run together, and how often each pair is measured
//   --only ours+cubic,…          which pairs (all): the first has the link to itself when the second comes
//   --profiles wan-100m          which networks of tools/netlab (wan-100m)
//   --json                       one line per case instead of the table
// Counted from five seconds after the second flow began. See README.md.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { whyNoLab } from '../tools/netlab/lab.ts';
import type { Figures } from './transport/cases/case.ts';
import { spreads } from './transport/figures.ts';
import {
  hasCongestionControl,
  openNetlab,
  type Profile,
  profiles,
  setCongestionControl,
} from './transport/networks/netlab.ts';
import { whyNoNamespaces } from './transport/networks/network.ts';
import { chosen, positive } from './transport/options.ts';
import { Report, short } from './transport/report.ts';
import { runPair } from './transport/run-pair.ts';

const pairs = ['cubic+ours', 'ours+cubic', 'ours+ours', 'background+cubic', 'cubic+cubic'];
const settleSeconds = 5;
/** Alone before the second comes: long enough to fill the link. */
const leadSeconds = 6;
/** Alone again after the second has gone. */
const restSeconds = 10;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string' },
    profiles: { type: 'string', default: 'wan-100m' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = positive('seconds', values.seconds);
const rounds = positive('rounds', values.rounds);
const report = new Report({ json: values.json });

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)); // labs go on exit
const whyNot = whyNoNamespaces() ?? whyNoLab();
if (whyNot === undefined) await measureAll();
else report.skipped('fairness', whyNot);

async function measureAll(): Promise<void> {
  const wanted = chosen('only', values.only, pairs);
  const limited = profiles().filter(({ megabitsPerSecond }) => megabitsPerSecond !== undefined);
  const names = chosen(
    'profiles',
    values.profiles,
    limited.map(({ name }) => name),
  );
  if (!hasCongestionControl('cubic')) return report.skipped('fairness', 'this kernel does not have CUBIC');
  const rows: string[][] = [];
  for (const profile of limited)
    for (const pair of wanted) if (names.includes(profile.name)) rows.push(await measurePair(profile, pair));
  const heading = ['first+second', 'Mbit/s', 'Mbit/s', 'second has %', 'least–most', 'Jain', 'first afterwards'];
  report.table(`Both over ${seconds} s less the first ${settleSeconds}, median of ${rounds}`, [heading, ...rows]);
}

async function measurePair(profile: Profile, pair: string): Promise<string[]> {
  const figures: Figures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    report.progress(`round ${round + 1} of ${rounds}: ${pair} through ${profile.name}`);
    const [first, second] = pair.split('+') as [string, string];
    figures.push(await measureShares(profile.name, first, second, round + 1));
  }
  const spread = spreads(figures);
  report.line({ case: 'fairness', network: profile.name, pair, rounds, seconds, figures: spread });
  const { firstMbits, secondMbits, secondShare, jainIndex, firstAfterwardsMbits } = spread;
  return [
    `${profile.name}  ${pair}`,
    short(firstMbits?.median),
    short(secondMbits?.median),
    percent(secondShare?.median),
    `${percent(secondShare?.least)}–${percent(secondShare?.most)}`,
    short(jainIndex?.median),
    short(firstAfterwardsMbits?.median),
  ];
}

async function measureShares(profile: string, first: string, second: string, seed: number): Promise<Figures> {
  await using lab = await openNetlab(profile, seed);
  setCongestionControl(lab, 'cubic');
  const run = (flow: string, lasts: number): Promise<Figures> => {
    const transport = { cubic: 'tcp', background: 'ours-background', ours: 'ours' }[flow]!;
    return runPair({ name: 'timeline', transport, network: lab, seconds: lasts });
  };
  const longer = run(first, leadSeconds + seconds + restSeconds);
  const shorter = sleep(leadSeconds * 1_000).then(() => run(second, seconds));
  const [a, b] = await Promise.all([longer, shorter]);
  // Only whole seconds: of the first and the last one, the flow has but a part.
  const together = Object.keys(b)
    .toSorted()
    .slice(1 + settleSeconds, -1);
  const afterwards = Object.keys(a)
    .toSorted()
    .slice(-1 - restSeconds / 2, -1);
  const [firstMbits, secondMbits] = [mean(a, together), mean(b, together)];
  return {
    firstMbits,
    secondMbits,
    secondShare: secondMbits / (firstMbits + secondMbits),
    jainIndex: (firstMbits + secondMbits) ** 2 / (2 * (firstMbits ** 2 + secondMbits ** 2)),
    firstAfterwardsMbits: mean(a, afterwards),
  };
}

/** A second without anything is not listed. */
function mean(figures: Figures, at: readonly string[]): number {
  return at.reduce((sum, second) => sum + (figures[second] ?? 0), 0) / at.length;
}

function percent(share = NaN): string {
  return short(100 * share);
}
