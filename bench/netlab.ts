// Ours and the kernel's TCP through bad networks: npm run bench -- netlab [options]
//   --seconds 10 --rounds 1      how long and how often each is measured
//   --only ours,cubic            which of ours, cubic, bbr (all)
//   --profiles satellite,mobile  which networks (all that have a rate)
//   --json                       one line per case instead of the table
// See README.md, and tools/netlab/README.md for what each network does.

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

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string' },
    profiles: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = positive('seconds', values.seconds);
const rounds = positive('rounds', values.rounds);
const report = new Report({ json: values.json });
/** Damage that reached the program, or cost a stream. What the emulator lost spoils the run. */
const counts = [
  ['damaged bytes', 'damagedBytes'],
  ['streams given up', 'streamsGivenUp'],
  ['emulator lost', 'overrunPackets'],
] as const;
const wanted = chosen('only', values.only, ['ours', 'cubic', 'bbr']);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)); // labs go on exit
const whyNot = whyNoNamespaces() ?? whyNoLab();
if (whyNot === undefined) await measureProfiles();
else report.skipped('netlab', whyNot);

async function measureProfiles(): Promise<void> {
  const limited = profiles().filter(({ megabitsPerSecond }) => megabitsPerSecond !== undefined);
  const all = limited.map(({ name }) => name);
  const names = chosen('profiles', values.profiles, all);
  const flows = wanted.filter(isThere);
  const rows: string[][] = [];
  for (const profile of limited) if (names.includes(profile.name)) rows.push(...(await measureProfile(profile, flows)));
  const heading = ['', 'Mbit/s', 'least–most', '% of the link', ...counts.map(([heading]) => heading)];
  if (rows.length > 0)
    report.table(`Mbit/s of application bytes in ${seconds} s, median of ${rounds}`, [heading, ...rows]);
}

function isThere(flow: string): boolean {
  if (flow === 'ours' || hasCongestionControl(flow)) return true;
  report.skipped(flow, 'this kernel does not have it');
  return false;
}

async function measureProfile(profile: Profile, flows: readonly string[]): Promise<string[][]> {
  const results = new Map(flows.map((flow): [string, Figures[]] => [flow, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const flow of results.keys()) {
      report.progress(`round ${round + 1} of ${rounds}: ${flow} through ${profile.name}`);
      try {
        results.get(flow)!.push(await measureFlow(profile.name, flow));
      } catch (error) {
        report.skipped(`${flow} through ${profile.name}`, (error as Error).message);
        results.delete(flow);
      }
    }
  return [...results].map(([flow, figures]) => row(profile, flow, figures));
}

/** A lab of its own for each flow: its random decisions begin anew, so that all meet the same network. */
async function measureFlow(profile: string, flow: string): Promise<Figures> {
  await using lab = await openNetlab(profile);
  if (flow !== 'ours') setCongestionControl(lab, flow);
  const transport = flow === 'ours' ? 'ours' : 'tcp';
  const figures = await runPair({ name: 'bulk', transport, network: lab, seconds, verify: true });
  return { ...figures, overrunPackets: await lab.close() };
}

function row({ name, megabitsPerSecond }: Profile, flow: string, figures: readonly Figures[]): string[] {
  const ofLink = figures.map((round) => {
    const speed = round.megabytesPerSecond! * 8;
    return Object.assign({ megabitsPerSecond: speed, linkShare: speed / megabitsPerSecond! }, round);
  });
  const spread = spreads(ofLink);
  report.line({ case: 'netlab', network: name, transport: flow, rounds, seconds, figures: spread });
  const { megabitsPerSecond: speed, linkShare } = spread;
  return [
    `${name}  ${flow}`,
    short(speed?.median),
    `${short(speed?.least)}–${short(speed?.most)}`,
    short(linkShare && linkShare.median * 100),
    ...counts.map(([, figure]) => String(spread[figure]?.median ?? '-')),
  ];
}
