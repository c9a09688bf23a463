// What a second tracker process on one table in Redis adds: npm run bench -- redis [--seconds 5] [--rounds 3]
// Load, Redis and trackers share this machine, so each tracker process is held to a part of a core (--share, by a cgroup;
// Linux as root): what is left is theirs. Announces are answered with 50 peers of 100 in a swarm.

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { instant, type PeerId } from '@shoal/machine';
import { openStore } from '@shoal/tracker/node';
import type { SwarmId } from '@shoal/wire';
import { ourClients } from './tracker/clients/ours.ts';
import { type Client, swarmHash, type Table } from './tracker/contract.ts';
import { cpuSeconds } from './tracker/process-figures.ts';
import { freePort } from './tracker/servers/free-port.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    share: { type: 'string', default: '0.25' },
  },
});
const [seconds, rounds, share] = [Number(values.seconds), Number(values.rounds), Number(values.share)];
const table: Table = { peers: 10_000, swarms: 100 };
const clientsPerTracker = 48;
const group = `/sys/fs/cgroup/cpu/shoal-bench-${process.pid}`;

/** Processes that end with this one. */
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const port = await freePort();
const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
children.push(redis);
const url = `redis://127.0.0.1:${port}`;
await fill();

print(['trackers', 'announces/s', 'redis core %', 'trackers core %', 'times one']);
for (let round = 0; round < rounds; round += 1) {
  const one = await measure(1);
  const two = await measure(2);
  print(['', '', '', '', (two / one).toFixed(2)]);
}
process.exit();

async function measure(count: number): Promise<number> {
  const trackers = await Promise.all(Array.from({ length: count }, startTracker));
  const clients: Client[] = [];
  for (const [i, { port }] of trackers.entries())
    for (let n = 0; n < clientsPerTracker; n += 1)
      clients.push(await ourClients.open({ port, table, want: 50 }, i * clientsPerTracker + n));
  await announce(clients, 3);
  const pids = trackers.map(({ child }) => child.pid!);
  const used = (): number[] => [redis.pid!, ...pids].map(cpuSeconds);
  const before = used();
  const rate = await announce(clients, seconds);
  const cores = used().map((cpu, i) => Math.round((100 * (cpu - before[i]!)) / seconds));
  print([count, Math.round(rate), cores[0]!, cores.slice(1).join(' + '), '']);
  for (const client of clients) client.close();
  for (const { child } of trackers) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return rate;
}

/** Announces a second, each client one at a time. */
async function announce(clients: readonly Client[], forSeconds: number): Promise<number> {
  const until = performance.now() + forSeconds * 1_000;
  let answered = 0;
  const busy = (client: Client): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        answered += 1;
        if (performance.now() < until) client.announce(next);
        else resolve();
      };
      client.announce(next);
    });
  await Promise.all(clients.map(busy));
  return answered / forSeconds;
}

async function startTracker(_: unknown, number: number): Promise<{ child: ChildProcess; port: number }> {
  const program = fileURLToPath(new URL('tracker/servers/ours-redis.ts', import.meta.url));
  const execArgv = ['-C', '@shoal/source', '--disable-warning=ExperimentalWarning'];
  const child = fork(program, [url], { execArgv });
  children.push(child);
  hold(child.pid!, number);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

/** Holds a process to its share of a core. */
function hold(pid: number, number: number): void {
  const folder = `${group}-${number}`;
  mkdirSync(folder, { recursive: true }); // an empty group costs nothing and is gone with the machine's next start
  writeFileSync(`${folder}/cpu.cfs_period_us`, '10000');
  writeFileSync(`${folder}/cpu.cfs_quota_us`, String(Math.round(10_000 * share)));
  writeFileSync(`${folder}/cgroup.procs`, String(pid));
}

async function fill(): Promise<void> {
  await using store = await openStore(url, { ttlMs: 3_600_000 });
  for (let i = 0; i < table.peers; i += 100)
    await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const number = i + n;
        const offer = { name: `${number % table.swarms}`, bytes: 10 ** 6, chunkCount: 10 };
        const swarm = swarmHash(number % table.swarms, 64) as SwarmId;
        const address = { host: `10.0.${number >> 8}.${number & 255}`, port: 4_000 };
        await store.register(swarmHash(number, 64) as PeerId, address, [{ ...offer, swarm }], instant(0));
      }),
    );
}

function print(columns: readonly (string | number)[]): void {
  process.stdout.write(`${columns.map((column) => String(column).padStart(16)).join('')}\n`);
}
