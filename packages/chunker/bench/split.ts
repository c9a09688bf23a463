// How fast a warm file is split into chunk files and joined again, beside `cp` of the same bytes; `join` syncs what it
// makes, so beside `cp` followed by `sync` of the copy as well. Run: npm run bench -- chunker/split [MEBIBYTES] [ROUNDS]

import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { join, split } from '../src/node/index.ts';

const [mebibytes = 1024, rounds = 5] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(joinPath(tmpdir(), 'shoal-bench-'));
const [file, copy, parts, joined] = ['file', 'copy', 'parts', 'joined'].map((name) => joinPath(folder, name)) as [
  string,
  string,
  string,
  string,
];

const cases: readonly (readonly [name: string, run: () => unknown])[] = [
  ['cp', () => spawnSync('cp', [file, copy])],
  ['split', () => split(file, { destination: parts })],
  ['cp and sync', () => [spawnSync('cp', [file, copy]), spawnSync('sync', [copy])]],
  ['join', () => join(parts, { destination: joined })],
];

try {
  const fd = openSync(file, 'w');
  const block = new Uint8Array(2 ** 20);
  for (let n = 0; n < mebibytes; n += 1) writeSync(fd, randomFillSync(block));
  closeSync(fd);
  const times = new Map(cases.map(([name]) => [name, [] as number[]]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, run] of cases) {
      spawnSync('sync'); // what others left to write is not ours
      const started = performance.now();
      await run();
      if (round > 0) times.get(name)!.push(performance.now() - started);
      rmSync(copy, { force: true });
    }
    rmSync(parts, { recursive: true });
    rmSync(joined);
  }
  process.stdout.write(`${mebibytes} MiB, ${rounds} rounds: median (least to most)\n`);
  for (const [name, each] of times) {
    const rates = each.map((ms) => (mebibytes * 2 ** 20) / ms / 1000).toSorted((a, b) => a - b);
    const [least, median, most] = [rates[0]!, rates[Math.floor(rates.length / 2)]!, rates.at(-1)!].map(Math.round);
    process.stdout.write(`${String(median).padStart(7)} MB/s  ${name} (${least} to ${most})\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
