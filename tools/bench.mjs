// `npm run bench -- NAME [ARGS]`: runs one of the benches that stand beside the hot paths, on plain Node.
// Without a name it lists them. `transport` finds `packages/transport-udp/bench/`, `transport/loopback` one file of it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const benches = new Map();
for (const name of readdirSync('packages')) {
  const folder = `packages/${name}/bench`;
  for (const file of existsSync(folder) ? readdirSync(folder) : [])
    if (file.endsWith('.ts') && !file.startsWith('_'))
      benches.set(`${name.replace(/-udp$/, '')}/${file.slice(0, -3)}`, `${folder}/${file}`);
}

const [wanted, ...args] = process.argv.slice(2);
const chosen = [...benches].filter(([name]) => name === wanted || name.startsWith(`${wanted}/`));
if (chosen.length === 0) {
  process.stderr.write(
    `npm run bench -- NAME, where NAME is one of:\n${[...benches.keys()].map((name) => `  ${name}\n`).join('')}`,
  );
  process.exit(2);
}
for (const [name, file] of chosen) {
  process.stdout.write(`${name}\n`);
  const done = spawnSync('node', ['--expose-gc', '-C', '@shoal/source', file, ...args], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
