// `npm run bench -- NAME [ARGS]`: measures, on plain Node. Without a name it lists what there is.
// `transport` is the comparison in `bench/transport.ts`, ours beside others; `transport/loopback` is the bench
// `packages/transport-udp/bench/loopback.ts` beside a hot path, and a package stands for all its benches.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { installPeers } from './install-peers.mjs';

const scripts = (folder) =>
  existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.startsWith('_')) : [];

const benches = new Map(scripts('bench').map((file) => [file.slice(0, -3), `bench/${file}`]));
for (const name of readdirSync('packages'))
  for (const file of scripts(`packages/${name}/bench`))
    benches.set(`${name.replace(/-udp$/, '')}/${file.slice(0, -3)}`, `packages/${name}/bench/${file}`);

const besidePeers = new Set(
  ['transport', 'chunker', 'cli', 'delta', 'tracker', 'e2e', 'swarm'].map((name) => `bench/${name}.ts`),
);

const [wanted, ...args] = process.argv.slice(2);
const chosen = [...benches].filter(([name]) => name === wanted);
if (chosen.length === 0) chosen.push(...[...benches].filter(([name]) => name.startsWith(`${wanted}/`)));
if (chosen.length === 0) {
  process.stderr.write(
    `npm run bench -- NAME, where NAME is one of:\n${[...benches.keys()].map((name) => `  ${name}\n`).join('')}`,
  );
  process.exit(2);
}
for (const [name, file] of chosen) {
  process.stderr.write(`${name}\n`);
  if (besidePeers.has(file)) installPeers('bench');
  const done = spawnSync('node', ['--expose-gc', '-C', '@shoal/source', file, ...args], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
