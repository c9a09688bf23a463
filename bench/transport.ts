// Ours beside its peers, in one run: npm run bench -- transport [options]
//   --seconds 3 --rounds 5       how long and how often each case is measured
//   --only ours,tls              which transports (all)
//   --cases bulk,idle            which cases (all)
//   --networks loopback,veth     which networks for bulk (all that this machine lets us make)
//   --json                       one line per case instead of the table
// See README.md for what each case is.

import { parseArgs } from 'node:util';
import type { Figures } from './transport/cases/case.ts';
import { type CaseName, cases } from './transport/cases/index.ts';
import { median, type Spread, spreads } from './transport/figures.ts';
import { loopback } from './transport/networks/loopback.ts';
import { type Network, whyNoEthtool, whyNoNamespaces } from './transport/networks/network.ts';
import { openVeth } from './transport/networks/veth.ts';
import { chosen, positive } from './transport/options.ts';
import { Report, short } from './transport/report.ts';
import { measureRounds } from './transport/rounds.ts';
import { type Measurement, runPair } from './transport/run-pair.ts';
import { compared, transports } from './transport/transports.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    cases: { type: 'string' },
    networks: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = positive('seconds', values.seconds);
const rounds = positive('rounds', values.rounds);
const report = new Report({ json: values.json });
/** How each network is opened, and why it may not be possible here. */
const networkKinds: Record<string, { readonly whyNot?: string | undefined; readonly open: () => Network }> = {
  loopback: { open: () => loopback },
  veth: { whyNot: whyNoNamespaces(), open: () => openVeth({ offload: true }) },
  'veth-no-offload': { whyNot: whyNoNamespaces() ?? whyNoEthtool(), open: () => openVeth({ offload: false }) },
};

const wantedCases = chosen('cases', values.cases, Object.keys(cases)) as CaseName[];
const wantedNetworks = chosen('networks', values.networks, Object.keys(networkKinds));
const loaded = await loadTransports(chosen('only', values.only, compared));
await using networks = new AsyncDisposableStack();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)); // networks go on exit
const results = await measureRounds(listMeasurements(openNetworks()), {
  rounds,
  report,
  measure: runPair,
  describe: ({ name, transport, network }) => `${name} ${transport} over ${network.name}`,
});
printBulk();
printSmall();

async function loadTransports(names: readonly string[]): Promise<Map<string, { multiplexed: boolean }>> {
  const found = new Map<string, { multiplexed: boolean }>();
  for (const name of names)
    try {
      found.set(name, await transports[name]!());
    } catch (error) {
      report.skipped(name, `missing: ${(error as Error).message}`);
    }
  return found;
}

function openNetworks(): Network[] {
  const open: Network[] = [];
  for (const name of wantedCases.includes('bulk') ? wantedNetworks : []) {
    const { whyNot, open: make } = networkKinds[name]!;
    if (whyNot === undefined) open.push(networks.use(make()));
    else report.skipped(name, whyNot);
  }
  return open;
}

function listMeasurements(bulkNetworks: readonly Network[]): Measurement[] {
  const measurements: Measurement[] = [];
  for (const name of wantedCases)
    for (const network of name === 'bulk' ? bulkNetworks : [loopback])
      for (const [transport, { multiplexed }] of loaded)
        if (multiplexed || !cases[name].multiplexed) measurements.push({ name, transport, network, seconds });
  return measurements;
}

function printBulk(): void {
  const heading = ['one stream', 'MB/s', 'least–most', 'ours ÷ it', 'CPU s/GB recv', 'send', 'peak MB recv', 'send'];
  const rows: string[][] = [];
  for (const [{ name, transport, network }, figures] of results) {
    if (name !== 'bulk') continue;
    const spread = spreads(figures);
    const { megabytesPerSecond: speed } = spread;
    report.line({ case: name, network: network.name, transport, rounds, seconds, figures: spread });
    rows.push([
      `${network.name}  ${transport}`,
      short(speed?.median),
      `${short(speed?.least)}–${short(speed?.most)}`,
      short(oursOver(figures, network)),
      ...['receiverCpuSecondsPerGB', 'senderCpuSecondsPerGB', 'receiverPeakMB', 'senderPeakMB'].map((figure) =>
        short(spread[figure]?.median),
      ),
    ]);
  }
  if (rows.length > 0)
    report.table(`MB/s of application bytes, median of ${rounds} × ${seconds} s`, [heading, ...rows]);
}

/** The median of the rounds' ratios: less noise than a ratio of medians. */
function oursOver(figures: readonly Figures[], network: Network): number | undefined {
  for (const [measurement, ours] of results)
    if (measurement.name === 'bulk' && measurement.transport === 'ours' && measurement.network === network)
      return median(ours.map((round, index) => round.megabytesPerSecond! / figures[index]!.megabytesPerSecond!));
  return undefined;
}

function printSmall(): void {
  const columns: [heading: string, figure: string][] = [
    ['connect + 1 KiB + 1 KiB, ms', 'roundTripMs'],
    ['short streams/s', 'streamsPerSecond'],
    ['1,000 idle MB listen', 'listenerIdleMB'],
    ['dial', 'diallerIdleMB'],
    ['64 streams, Jain', 'jainIndex'],
  ];
  const byTransport = new Map<string, Record<string, Spread>>();
  for (const [{ name, transport, network }, figures] of results) {
    if (name === 'bulk') continue;
    const spread = spreads(figures);
    report.line({ case: name, network: network.name, transport, rounds, seconds, figures: spread });
    byTransport.set(transport, { ...byTransport.get(transport), ...spread });
  }
  const shown = columns.filter(([, figure]) =>
    [...byTransport.values()].some((spread) => spread[figure] !== undefined),
  );
  if (shown.length === 0) return;
  const cells = (spread: Record<string, Spread>): string[] => shown.map(([, figure]) => short(spread[figure]?.median));
  const rows = [...byTransport].map(([name, spread]) => [name].concat(cells(spread)));
  report.table(`loopback, median of ${rounds} × ${seconds} s; - where a connection has one stream only`, [
    ['', ...shown.map(([heading]) => heading)],
    ...rows,
  ]);
}
