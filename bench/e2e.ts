// Whole transfers between real processes on this machine, ours beside others: npm run bench -- e2e [options]
//   --rounds 3                   how often each is measured
//   --only ours,aria2            which programs (all)
//   --cases one,small            which cases (all)
//   --mib 1024                   the size of `one`; the others follow it
//   --folder /dev/shm            where content is and goes
//   --json                       one line per case and program instead of the tables
// See README.md for what each case is. Linux only: what a process used is read from /proc.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sampleFile, sampleFolder } from './chunker/samples.ts';
import type { Content } from './swarm/contract.ts';
import { type ProgramName, programs } from './swarm/programs.ts';
import { transfer } from './swarm/transfer.ts';
import type { Figures } from './transport/cases/case.ts';
import { median, spreads } from './transport/figures.ts';
import { loopback } from './transport/networks/loopback.ts';
import { chosen, positive } from './transport/options.ts';
import { Report, short } from './transport/report.ts';
import { measureRounds } from './transport/rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    cases: { type: 'string' },
    mib: { type: 'string', default: '1024' },
    folder: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const rounds = positive('rounds', values.rounds);
const oneBytes = positive('mib', values.mib) * 2 ** 20;
const report = new Report({ json: values.json });
const secondsMax = 100;

interface Case {
  readonly what: string;
  readonly make: (folder: string) => Content;
  readonly receivers?: number;
  readonly without?: readonly ProgramName[];
}

const file = (bytes: number) => (folder: string) => ({ path: sampleFile(folder, bytes), bytes });
const smallFiles = Math.ceil((10_000 * oneBytes) / 2 ** 30);
const smallBytes = 4_096;
/** Over uTP, as these come, a transfer on one machine takes minutes. */
const slow = ['libtorrent-default', 'transmission'] as const;
const slowWhenLarge = [...slow, 'qbittorrent'] as const;

const cases: Readonly<Record<string, Case>> = {
  one: { what: 'one file to one receiver', make: file(oneBytes), without: slowWhenLarge },
  four: { what: 'a quarter of that to 4 receivers at once', make: file(oneBytes / 4), receivers: 4, without: slow },
  small: {
    what: `${smallFiles} files of 4 KiB to one receiver`,
    make: (folder) => ({
      path: sampleFolder(folder, smallFiles, () => smallBytes),
      bytes: smallFiles * smallBytes,
    }),
    without: slow,
  },
  tiny: { what: '100 KiB to one receiver', make: file(100 * 1_024) },
  memory: { what: 'memory: one file to one receiver', make: file(oneBytes), without: [...slowWhenLarge, 'scp', 'cp'] },
  'memory-8': { what: 'memory: 8 times the file', make: file(8 * oneBytes), without: [...slowWhenLarge, 'scp', 'cp'] },
};

if (!existsSync('/proc/self/stat')) {
  report.skipped('e2e', 'there is no /proc here, from which CPU time and memory are read');
  process.exit();
}
const wanted = (chosen('only', values.only, Object.keys(programs)) as ProgramName[]).filter((name) => {
  const whyNot = programs[name].whyNot();
  if (whyNot !== undefined) report.skipped(name, whyNot);
  return whyNot === undefined;
});
const folder = mkdtempSync(join(values.folder, 'shoal-e2e-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
for (const name of chosen('cases', values.cases, Object.keys(cases))) await measureCase(name, cases[name]!);

/** All rounds of one case: its content is there as long as it is needed. */
async function measureCase(name: string, { what, make, receivers = 1, without = [] }: Case): Promise<void> {
  const folderOfCase = mkdtempSync(join(folder, `${name}-`));
  const content = make(join(folderOfCase));
  const [host] = loopback.hosts;
  const hosts = { tracker: host, sender: host, receivers: Array.from({ length: receivers }, () => host) };
  const results = await measureRounds(
    wanted.filter((program) => !without.includes(program)),
    {
      rounds,
      report,
      describe: (program) => `${name} ${program}`,
      async measure(program): Promise<Figures> {
        const { seconds, usage } = await transfer(programs[program], content, { hosts, folder, secondsMax });
        return { seconds: Math.max(...seconds), ...usage };
      },
    },
  );
  print(name, `${what}, ${(content.bytes / 1e6).toFixed(1)} MB`, content, results);
  rmSync(folderOfCase, { recursive: true });
  rmSync(`${folderOfCase}.torrents`, { recursive: true, force: true });
}

function print(name: string, title: string, { bytes }: Content, results: Map<ProgramName, Figures[]>): void {
  const columns = [
    ['CPU s send', 'senderCpuSeconds'],
    ['recv', 'receiverCpuSeconds'],
    ['own MB send', 'senderOwnMB'],
    ['recv', 'receiverOwnMB'],
    ['resident MB send', 'senderResidentMB'],
    ['recv', 'receiverResidentMB'],
  ] as const;
  const ours = results.get('ours');
  const rows = [...results].map(([program, figures]) => {
    const spread = spreads(figures);
    report.line({ case: name, program, bytes, rounds, figures: spread });
    const { seconds } = spread;
    const ratios = ours?.map((round, i) => round.seconds! / figures[i]!.seconds!);
    const shown = [seconds?.median, seconds?.least, seconds?.most, ratios && median(ratios)];
    return [program, ...shown.map(short)].concat(columns.map(([, figure]) => short(spread[figure]?.median)));
  });
  const heading = ['', 'seconds', 'least', 'most', 'ours ÷ it', ...columns.map(([heading]) => heading)];
  if (rows.length > 0) report.table(`${name}: ${title}, median of ${rounds}`, [heading, ...rows]);
}
