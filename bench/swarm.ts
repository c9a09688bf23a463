// One owner, many receivers, slow uplinks: real processes in network namespaces: npm run bench -- swarm [options]
//   --receivers 4,8              how many at once
//   --rounds 1                   how often each is measured
//   --only ours,libtorrent       which programs (all)
//   --mb 25                      the size of the file
//   --up 20 --down 200           Mbit/s of every link, the owner's too
//   --delay 5ms                  of every link, one way
//   --json                       one line per swarm and program instead of the tables
// See README.md. It needs root on Linux, for tools/netlab.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fluidBoundMs } from '@shoal/peer';
import { openLab, whyNoLab } from '../tools/netlab/lab.ts';
import { sampleFile } from './chunker/samples.ts';
import type { Content } from './swarm/contract.ts';
import { type ProgramName, programs } from './swarm/programs.ts';
import { transfer } from './swarm/transfer.ts';
import type { Figures } from './transport/cases/case.ts';
import { median, spreads } from './transport/figures.ts';
import { whyNoNamespaces } from './transport/networks/network.ts';
import { chosen, positive } from './transport/options.ts';
import { Report, short } from './transport/report.ts';
import { measureRounds } from './transport/rounds.ts';

const { values } = parseArgs({
  options: {
    receivers: { type: 'string', default: '4,8' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string' },
    mb: { type: 'string', default: '25' },
    up: { type: 'string', default: '20' },
    down: { type: 'string', default: '200' },
    delay: { type: 'string', default: '5ms' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = positive('rounds', values.rounds);
const bytes = positive('mb', values.mb) * 1e6;
const [up, down] = [positive('up', values.up), positive('down', values.down)];
const report = new Report({ json: values.json });
const patience = 10; // times the bound

/** Those that swarm. */
const all = Object.keys(programs).filter((name) => name !== 'scp' && name !== 'cp');

const whyNot = whyNoNamespaces() ?? whyNoLab();
if (whyNot === undefined) await measureSwarms();
else report.skipped('swarm', whyNot);

async function measureSwarms(): Promise<void> {
  const wanted = (chosen('only', values.only, all) as ProgramName[]).filter((name) => {
    const whyNot = programs[name].whyNot();
    if (whyNot !== undefined) report.skipped(name, whyNot);
    return whyNot === undefined;
  });
  const folder = mkdtempSync(join(tmpdir(), 'shoal-swarm-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)); // labs go on exit
  const content = { path: sampleFile(mkdtempSync(join(folder, 'content-')), bytes), bytes };
  for (const receivers of values.receivers.split(',').map((count) => positive('receivers', count))) {
    const boundSeconds = boundOf(receivers);
    const results = await measureRounds(wanted, {
      rounds,
      report,
      describe: (program) => `${receivers} receivers ${program}`,
      measure: (program) => measureSwarm(program, { content, folder, receivers, boundSeconds }),
    });
    print(receivers, boundSeconds, results);
  }
}

function boundOf(receivers: number): number {
  const [upBytesPerSecond, downBytesPerSecond] = [up, down].map((megabits) => (megabits * 1e6) / 8) as [number, number];
  const each = { upBytesPerSecond, downBytesPerSecond };
  const population = { totalBytes: bytes, ownerUpBytesPerSecond: upBytesPerSecond };
  return fluidBoundMs({ ...population, receivers: Array.from({ length: receivers }, () => each) }) / 1_000;
}

interface Swarm {
  readonly content: Content;
  readonly folder: string;
  readonly receivers: number;
  readonly boundSeconds: number;
}

/** In a lab of its own: nothing of another program's is still under way. */
async function measureSwarm(program: ProgramName, swarm: Swarm): Promise<Figures> {
  const { content, folder, receivers, boundSeconds } = swarm;
  const names = ['owner', ...Array.from({ length: receivers }, (_, i) => `receiver${i}`)];
  const link = `delay=${values.delay}`;
  const peers = names.map((name) => ({ name, link, up: `rate=${up}mbit`, down: `rate=${down}mbit` }));
  await using lab = await openLab({ hosts: [{ name: 'tracker', profile: 'loopback' }, ...peers] });
  const [tracker, sender, ...rest] = lab.hosts;
  const hosts = { tracker: tracker!, sender: sender!, receivers: rest };
  let ownerSent = 0;
  const { seconds } = await transfer(programs[program], content, {
    hosts,
    folder,
    secondsMax: boundSeconds * patience,
    look: async () => void ([, ownerSent = 0] = await lab.bytesSent()),
  });
  const last = Math.max(...seconds);
  return {
    seconds: last,
    medianSeconds: median(seconds),
    ratio: last / boundSeconds,
    ownerMB: ownerSent / 1e6,
    copies: ownerSent / content.bytes,
    overrunPackets: await lab.close(),
  };
}

function print(receivers: number, boundSeconds: number, results: Map<ProgramName, Figures[]>): void {
  const columns = [
    ['median receiver', 'medianSeconds'],
    ['÷ bound', 'ratio'],
    ['owner sent MB', 'ownerMB'],
    ['copies', 'copies'],
    ['emulator lost', 'overrunPackets'],
  ] as const;
  const ours = results.get('ours');
  const rows = [...results].map(([program, figures]) => {
    const spread = spreads(figures);
    report.line({ case: `swarm-${receivers}`, program, bytes, boundSeconds, rounds, figures: spread });
    const { seconds } = spread;
    const ratios = ours?.map((round, i) => round.seconds! / figures[i]!.seconds!);
    const shown = [seconds?.median, seconds?.least, seconds?.most, ratios && median(ratios)];
    return [program, ...shown.map(short)].concat(columns.map(([, figure]) => short(spread[figure]?.median)));
  });
  const heading = ['', 'last, seconds', 'least', 'most', 'ours ÷ it', ...columns.map(([heading]) => heading)];
  const title = `${receivers} receivers, ${values.mb} MB, ${up} Mbit/s up: bound ${boundSeconds.toFixed(1)} s, median of ${rounds}`;
  if (rows.length > 0) report.table(title, [heading, ...rows]);
}
