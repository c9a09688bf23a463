// Who does what: each case names its sample, and for everybody the command that works on it. To measure another program,
// add a line here; to add a thing that ours does, a line here and a work in work.mjs.

import { fileURLToPath } from 'node:url';
import type { Command } from './run-process.ts';
import { sampleNames } from './samples.ts';

export interface Setting {
  readonly threads: number;
  /** A file or folder that does not exist, for what is made; it is removed afterwards. */
  readonly destination: string;
}

export interface Sample {
  readonly path: string;
  /** How many, when it is a folder. */
  readonly files?: number | undefined;
}

type Contestant = (sample: Sample, setting: Setting) => Command;

const work = fileURLToPath(new URL('work.mjs', import.meta.url));
const withoutNative = new URL('without-native.mjs', import.meta.url).href;

const inNode = (what: string, { path }: Sample, options: object = {}, flags: readonly string[] = []): Command => ({
  file: process.execPath,
  args: [...flags, work, what, path, JSON.stringify(options)],
  tellsFigures: true,
});

const ours: Contestant = (sample, { threads }) => inNode('manifest', sample, { threads });
const oursCut: Contestant = (sample, { threads }) =>
  inNode('manifest', sample, { threads, chunking: 'contentDefined' });

/** A tool that hashes what it is given; for a folder, all its files by name. */
const summing =
  (file: string, flags: (setting: Setting) => readonly string[] = () => []): Contestant =>
  ({ path, files }, setting) =>
    files === undefined
      ? { file, args: [...flags(setting), path] }
      : { file, args: [...flags(setting), ...sampleNames(files)], cwd: path };

const b3sum = summing('b3sum', ({ threads }) => ['--num-threads', `${threads}`]);
const mktorrent: Contestant = ({ path }, { threads, destination }) => ({
  file: 'mktorrent',
  args: ['-t', `${threads}`, '-a', 'http://localhost', '-o', destination, path],
});
const transmission: Contestant = ({ path }, { destination }) => ({
  file: 'transmission-create',
  args: ['-o', destination, path],
});

const manifest: Readonly<Record<string, Contestant>> = {
  ours,
  'ours-cdc': oursCut,
  'ours-wasm-1': (sample) => inNode('manifest', sample, { threads: 1 }, ['--import', withoutNative]),
  'ours-sha256': (sample, { threads }) => inNode('manifest', sample, { threads, hash: 'sha256' }),
  b3sum,
  'b3sum-no-mmap': summing('b3sum', () => ['--no-mmap']),
  mktorrent,
  'transmission-create': transmission,
  'create-torrent': (sample) => inNode('create-torrent', sample),
  sha256sum: summing('sha256sum'),
};

/** By case: who takes part. */
export const contestants = {
  manifest,
  memory: { ours, 'ours-cdc': oursCut },
  files: { ours, b3sum, mktorrent, sha256sum: manifest.sha256sum! },
  small: {
    ours: (sample) => inNode('manifest', sample),
    'ours-pool': ours,
    b3sum,
  },
  copy: {
    ours: (sample, { destination }) => inNode('copy', sample, { destination }),
    cp: ({ path }, { destination }) => ({ file: 'cp', args: [path, destination] }),
  },
} as const satisfies Record<string, Readonly<Record<string, Contestant>>>;
