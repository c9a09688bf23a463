// How soon a command line says its first word: npm run bench -- cli [--rounds 15]
// `--version` and `--help` of the built shoal (npm run build first) and of others, those that are installed; the median time
// from start to end, each round starting all of them one after the other. An empty Node program shows what is Node's own.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  /** What to do when it is not there. */
  readonly hint: string;
}

const webtorrent = [
  process.execPath,
  '--import',
  here('swarm/programs/without-webrtc.mjs'),
  here('node_modules/webtorrent-cli/bin/cmd.js'),
];
const contestants: readonly Contestant[] = [
  { name: 'shoal', command: [process.execPath, here('../apps/cli/dist/main.js')], hint: 'npm run build' },
  { name: 'shoal, one file', command: [here('../apps/cli/dist-exe/shoal')], hint: 'npm run build:exe' },
  { name: 'aria2c', command: ['aria2c'], hint: 'apt install aria2' },
  { name: 'croc', command: ['croc'], hint: 'https://github.com/schollz/croc' },
  { name: 'webtorrent-cli', command: webtorrent, hint: 'the npm package webtorrent-cli' },
];

const isThere = ({ command }: Contestant): boolean =>
  command.filter((word) => word.startsWith('/')).every((path) => existsSync(path)) &&
  spawnSync(command[0]!, [...command.slice(1), '--version'], { stdio: 'ignore' }).status === 0;

const present = contestants.filter(isThere);
for (const { name, hint } of contestants.filter((contestant) => !present.includes(contestant)))
  process.stdout.write(`${name} is missing: ${hint}\n`);

interface Run {
  readonly name: string;
  readonly words: readonly string[];
  readonly ms: number[];
}

const run = (name: string, words: readonly string[]): Run => ({ name, words, ms: [] });
const runs = present.flatMap(({ name, command }) =>
  ['--version', '--help'].map((flag) => run(`${name} ${flag}`, [...command, flag])),
);
runs.unshift(run('node, nothing in it', [process.execPath, '-e', '0']));
for (let round = 0; round < rounds; round += 1)
  for (const { words, ms } of runs) {
    const started = performance.now();
    spawnSync(words[0]!, words.slice(1), { stdio: 'ignore' });
    ms.push(performance.now() - started);
  }
for (const { name, ms } of runs) {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0).padStart(5);
  process.stdout.write(`${name.padEnd(28)} median ${at(0.5)} ms, ${at(0)} to ${at(1)}\n`);
}
