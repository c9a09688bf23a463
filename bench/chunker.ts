// Ours beside the tools that hash files, in one run: npm run bench -- chunker [options]
//   --rounds 3                   how often each is measured, interleaved
//   --cases manifest,copy        which cases (all)
//   --only ours,b3sum            which contestants (all)
//   --threads 2                  for ours, b3sum and mktorrent, which take a number
//   --gib 4                      size of the file of the manifest case; the memory case has a quarter, all and twice of it
//   --files 100000               how many small ones
//   --samples FOLDER             where samples are made and kept (else in a temporary folder, and removed)
//   --json                       one line per measurement instead of the tables
// See README.md for what each case is.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contestants, type Sample } from './chunker/contestants.ts';
import { type ProcessFigures, runProcess } from './chunker/run-process.ts';
import { sampleFile, sampleFolder, warm } from './chunker/samples.ts';
import type { Figures } from './transport/cases/case.ts';
import { median, spreads } from './transport/figures.ts';
import { chosen, positive } from './transport/options.ts';
import { Report, short } from './transport/report.ts';
import { measureRounds } from './transport/rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    cases: { type: 'string' },
    only: { type: 'string' },
    threads: { type: 'string', default: '2' },
    gib: { type: 'string', default: '4' },
    files: { type: 'string', default: '100000' },
    samples: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, threads] = [positive('rounds', values.rounds), positive('threads', values.threads)];
const [gib, files] = [positive('gib', values.gib), positive('files', values.files)];
const report = new Report({ json: values.json });

type CaseName = keyof typeof contestants;
interface Measurement {
  readonly case: CaseName;
  readonly sample: Sample & { readonly name: string; readonly bytes?: number };
  readonly name: string;
}

const gibibyte = 2 ** 30;
const ofFile = (bytes: number): Measurement['sample'] => {
  const name = bytes >= gibibyte ? `${bytes / gibibyte} GiB` : `${bytes / 1_024} KiB`;
  return { name, path: sampleFile(folder, bytes), bytes };
};
const ofFolder = (count: number): Measurement['sample'] => {
  const name = `${count.toLocaleString('en')} files`;
  return { name, path: sampleFolder(folder, count), files: count };
};
const samples: Readonly<Record<CaseName, () => Measurement['sample'][]>> = {
  manifest: () => [ofFile(gib * gibibyte)],
  memory: () => [gib / 4, gib, 2 * gib].map((size) => ofFile(size * gibibyte)),
  files: () => [ofFolder(files)],
  small: () => [ofFile(100 * 1_024), ofFile(64 * 1_024 * 1_024), ofFolder(100)],
  copy: () => [ofFile((gib / 4) * gibibyte)],
};

buildOurs();
const folder = values.samples ?? mkdtempSync(join(tmpdir(), 'shoal-bench-'));
mkdirSync(folder, { recursive: true });
const destination = join(folder, 'made');
process.once('exit', () => values.samples ?? rmSync(folder, { recursive: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const results = await measureRounds(listMeasurements(), {
  rounds,
  report,
  measure,
  describe: (measurement) => `${measurement.case} of ${measurement.sample.name}: ${measurement.name}`,
});
for (const name of new Set([...results.keys()].map((measurement) => measurement.case))) print(name);

/** Users have what is built; what is up to date already takes no time. */
function buildOurs(): void {
  const done = spawnSync('nx', ['run', '@shoal/chunker:build'], { encoding: 'utf8' });
  if (done.status === 0) return;
  process.stderr.write(`the packages cannot be built: npm run build\n${done.stdout}${done.stderr}`);
  process.exit(1);
}

function listMeasurements(): Measurement[] {
  const cases = chosen('cases', values.cases, Object.keys(contestants)) as CaseName[];
  const everybody = new Set(Object.values(contestants).flatMap((those) => Object.keys(those)));
  const only = chosen('only', values.only, [...everybody]);
  const list: Measurement[] = [];
  for (const name of cases)
    for (const sample of samples[name]()) {
      report.progress(`reading ${sample.name}`);
      warm(sample);
      for (const contestant of Object.keys(contestants[name]))
        if (only.includes(contestant)) list.push({ case: name, sample, name: contestant });
    }
  return list;
}

async function measure({ case: name, sample, name: contestant }: Measurement): Promise<Figures> {
  const those: Readonly<Record<string, (typeof contestants.manifest)[string]>> = contestants[name];
  try {
    const figures = await runProcess(those[contestant]!(sample, { threads, destination }));
    return { ...figures, ...ratesOf(sample, figures) };
  } finally {
    rmSync(destination, { recursive: true, force: true });
  }
}

/** In MB, or in thousand files, a second. */
function ratesOf({ bytes, files: count }: Measurement['sample'], { callMs, wholeMs }: ProcessFigures): Figures {
  const amount = bytes === undefined ? count! / 1_000 : bytes / 1e6;
  return { rate: (amount / callMs) * 1_000, wholeRate: (amount / wholeMs) * 1_000 };
}

function print(name: CaseName): void {
  const heading = ['', 'a second', 'least–most', 'ours ÷ it', 'whole process', 'call ms', 'peak MB'];
  const rows: string[][] = [];
  for (const [measurement, figures] of results) {
    if (measurement.case !== name) continue;
    const { sample, name: contestant } = measurement;
    const spread = spreads(figures);
    const { rate, wholeRate, callMs, peakMB } = spread;
    report.line({ case: name, sample: sample.name, contestant, rounds, threads, figures: spread });
    rows.push([
      `${sample.name}  ${contestant}`,
      short(rate?.median),
      `${short(rate?.least)}–${short(rate?.most)}`,
      short(oursOver(measurement, figures)),
      short(wholeRate?.median),
      short(callMs?.median),
      short(peakMB?.median),
    ]);
  }
  report.table(`${name}: MB (or thousand files) a second, median of ${rounds} rounds, ${threads} threads`, [
    heading,
    ...rows,
  ]);
}

/** The median of the rounds' ratios: less noise than a ratio of medians. */
function oursOver({ case: name, sample }: Measurement, figures: readonly Figures[]): number | undefined {
  for (const [other, ours] of results)
    if (other.case === name && other.sample === sample && other.name === 'ours')
      return median(ours.map((round, index) => round.rate! / figures[index]!.rate!));
  return undefined;
}
