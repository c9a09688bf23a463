// The whole gate, in the order in which a mistake is cheapest to hear of. Quiet when a step passes.
// `npm run check` runs all; `npm run check -- lint types` runs those named.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const folders = [
  'packages',
  'apps',
  'bench',
  'tools',
  ...readdirSync('.').filter((name) => /\.(ts|json|md)$/.test(name)),
];
const code = folders.filter((name) => !/\.(json|md)$/.test(name));
const nx = (target) => ['nx', 'run-many', '-t', target, '--output-style', 'stream-without-prefixes'];

const steps = {
  lock: ['node', 'tools/check-lock.mjs'],
  format: ['oxfmt', '--check', ...folders.filter((name) => name !== 'package-lock.json')],
  lint: ['oxlint', ...code],
  types: nx('typecheck'),
  bench: ['tsc', '-p', 'bench'], // no workspace, so nx does not see it
  tests: ['vitest', 'run'],
  simulator: ['node', '-C', '@shoal/source', 'packages/simulator/bin/sim.ts', '--gate'],
  unused: ['knip', '--no-config-hints'],
  build: nx('build'),
  package: nx('package'),
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in steps));
if (unknown.length > 0) {
  process.stderr.write(`no step ${unknown.join(', ')}; there are: ${Object.keys(steps).join(', ')}\n`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : Object.keys(steps)) {
  const [command, ...args] = steps[name];
  const started = Date.now();
  const loud = name === 'tests' || name === 'simulator'; // their closing counts are worth seeing
  const done = spawnSync(command, args, { encoding: 'utf8', stdio: loud ? 'inherit' : 'pipe', maxBuffer: 2 ** 28 });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (done.status === 0) {
    process.stdout.write(`ok    ${name} ${seconds} s\n`);
    continue;
  }
  process.stdout.write(`${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`);
  process.stdout.write(`FAILED ${name} after ${seconds} s; alone: npm run check -- ${name}\n`);
  process.exit(done.status ?? 1);
}
