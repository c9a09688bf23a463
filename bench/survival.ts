// What a tracker loses when it, or its Redis, is killed under load: npm run bench -- survival [--kills 10] [--peers 16]
// Real `shoal tracker` processes and peers with links of their own. Every peer registers, tells a chunk and is counted as
// soon as the tracker said yes; in the end all that was accepted is looked for. Needs redis-server for its second half.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Address, parseAddress, seededRng } from '@shoal/machine';
import { readLocated } from '@shoal/tracker';
import { askTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import type { SwarmId } from '@shoal/wire';
import { swarmHash } from './tracker/contract.ts';
import { freePort } from './tracker/servers/free-port.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '10' }, peers: { type: 'string', default: '16' } },
});
const [kills, peersAtATime] = [Number(values.kills), Number(values.peers)];
const peersPerSwarm = 100; // all of them fit one reply
const program = fileURLToPath(new URL('../apps/cli/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'shoal-survival-'));
const rng = seededRng('survival');
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A running `shoal tracker`. */
interface Running {
  readonly child: ChildProcess;
  readonly address: Address;
  readonly http: string;
  readonly startMs: number;
}

async function startTracker(store: string, listen = '127.0.0.1:0'): Promise<Running> {
  const begun = performance.now();
  const args = ['-C', '@shoal/source', program, 'tracker', '--json', '--store', store, '--listen', listen];
  const child = spawn(process.execPath, [...args, '--http', '127.0.0.1:0', '--ttl', '600', '--log-level', 'fatal'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { event: string; address: string; http: string; message?: string };
    if (event.event !== 'listening') throw new Error(`the tracker does not start: ${event.message}`);
    return { child, address: parseAddress(event.address)!, http: event.http, startMs: performance.now() - begun };
  }
  throw new Error('the tracker ended');
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Peers that come, are accepted, and go without a word. */
class Load {
  readonly accepted = new Map<string, SwarmId>();
  refused = 0;
  #next = 0;
  #isOver = false;
  readonly #all: Promise<unknown>;

  constructor(trackers: readonly Address[]) {
    const workers = Array.from({ length: peersAtATime }, (_, i) => this.#work(trackers[i % trackers.length]!));
    this.#all = Promise.all(workers);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#all;
  }

  async #work(tracker: Address): Promise<void> {
    while (!this.#isOver) {
      const number = (this.#next += 1);
      const swarm = swarmHash(Math.floor(number / peersPerSwarm), 64) as SwarmId;
      const offer = { name: `file ${Math.floor(number / peersPerSwarm)}`, bytes: 1_000, chunkCount: 10, swarm };
      await using links = await openLinks({ host: '127.0.0.1' });
      try {
        const timeoutMs = 2_000;
        const register = { type: 'register', port: links.address.port, files: [offer] } as const;
        const { reply } = await askTracker(links, tracker, register, { timeoutMs });
        const held = { chunks: [number % 10] };
        const told = await askTracker(links, tracker, { type: 'chunkRegister', swarm, held }, { timeoutMs });
        if (reply.files[0]!.accepted && told.reply.verdict.accepted) this.accepted.set(links.peer, swarm);
      } catch {
        this.refused += 1; // the tracker is dead, or says that its store is away: nothing was promised
        await wait(20);
      }
    }
  }
}

/** How many of the accepted the tracker does not locate. */
async function lost({ accepted }: Load, tracker: Address): Promise<number> {
  await using links = await openLinks({ host: '127.0.0.1' });
  const found = new Set<string>();
  for (const swarm of new Set(accepted.values())) {
    const { reply, body } = await askTracker(links, tracker, { type: 'fileLocations', file: { swarm } });
    for (const { peer, held } of readLocated(reply, body)?.holders ?? []) if (held.count > 0) found.add(peer);
  }
  return [...accepted.keys()].filter((peer) => !found.has(peer)).length;
}

/** Whether /readyz is green. */
const isReady = async ({ http }: Running): Promise<boolean> => (await fetch(`${http}/readyz`)).ok;

async function until(what: () => Promise<boolean>): Promise<string> {
  const begun = performance.now();
  while (!(await what())) await wait(20);
  return `${((performance.now() - begun) / 1_000).toFixed(2)} s`;
}

async function surviveInFile(): Promise<void> {
  const store = `file:${join(folder, 'table.db')}`;
  let tracker = await startTracker(store);
  const { address } = tracker;
  const load = new Load([address]);
  let slowest = 0;
  for (let i = 0; i < kills; i += 1) {
    await wait(300 + rng.below(1_500));
    await kill(tracker.child);
    tracker = await startTracker(store, `127.0.0.1:${address.port}`);
    slowest = Math.max(slowest, tracker.startMs);
  }
  await wait(500);
  await load.end();
  const missing = await lost(load, address);
  say(
    `file: ${kills} x kill -9; ${load.accepted.size} accepted, ${load.refused} not answered, ${missing} lost; back within ${Math.round(slowest)} ms, process start included`,
  );
  await kill(tracker.child);
}

async function surviveInRedis(): Promise<void> {
  const port = await freePort();
  let redis = await startRedis(port);
  const url = `redis://127.0.0.1:${port}`;
  let [one, two] = await Promise.all([startTracker(url), startTracker(url)]);
  const trackers = [one.address, two.address];
  const load = new Load(trackers);
  for (let i = 0; i < kills; i += 1) {
    await wait(300 + rng.below(1_500));
    await kill(one.child);
    [one, two] = [two, await startTracker(url, `127.0.0.1:${one.address.port}`)];
  }
  say(
    `redis: ${kills} x kill -9 of one of two trackers; ${load.accepted.size} accepted, ${load.refused} not answered so far`,
  );
  await kill(redis);
  const red = await until(async () => !(await isReady(one)) && !(await isReady(two)));
  const before = load.accepted.size;
  await wait(3_000);
  const during = load.accepted.size - before;
  redis = await startRedis(port);
  const green = await until(async () => (await isReady(one)) && (await isReady(two)));
  const again = await until(async () => load.accepted.size > before + during + 50);
  await load.end();
  const missing = await Promise.all(trackers.map((tracker) => lost(load, tracker)));
  say(
    `redis: killed: health red after ${red}, ${during} accepted while it was away; started again: green after ${green}, 50 more accepted ${again} later`,
  );
  say(
    `redis: ${load.accepted.size} accepted, ${load.refused} not answered, ${missing.join(' and ')} lost as each tracker sees it`,
  );
}

/** With every write on disk before its answer: what a killed Redis loses is not what is measured. */
async function startRedis(port: number): Promise<ChildProcess> {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--dir', folder];
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...durable], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) if (/ready to accept/i.test(line)) break;
  child.stdout.resume();
  return child;
}

await surviveInFile();
await surviveInRedis();
process.exit();
