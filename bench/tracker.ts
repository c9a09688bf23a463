// Ours beside other trackers, in one run: npm run bench -- tracker [options]
//   --seconds 4 --rounds 3            how long and how often each case is measured
//   --only ours,opentracker           which trackers (all)
//   --cases announce,memory           which cases (all)
//   --peers 100000 --swarms 1000      the table of announce and memory; a 100th and ten times as many in small and large
//   --want 50 --clients 128           peers asked for in an announce; clients at a time
//   --json                            one line per measurement instead of the tables
// See README.md for what each case is. Linux only: what a process used is read from /proc.

import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ClientSetting, Server, Table } from './tracker/contract.ts';
import type { LoadFigures, LoadTask } from './tracker/load.ts';
import { anonymousMB } from './tracker/process-figures.ts';
import { trackers } from './tracker/trackers.ts';
import { type Spread, spreads } from './transport/figures.ts';
import { chosen, positive } from './transport/options.ts';
import { Report, short } from './transport/report.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    cases: { type: 'string' },
    peers: { type: 'string', default: '100000' },
    swarms: { type: 'string', default: '1000' },
    want: { type: 'string', default: '50' },
    clients: { type: 'string', default: '128' },
    json: { type: 'boolean', default: false },
  },
});
const number = (name: 'seconds' | 'rounds' | 'peers' | 'swarms' | 'want' | 'clients'): number =>
  positive(name, values[name]);
const table: Table = { peers: number('peers'), swarms: number('swarms') };
const oneSwarm: Table = { peers: table.peers, swarms: 1 };
const small: Table = { peers: Math.ceil(table.peers / 100), swarms: Math.ceil(table.swarms / 100) };
const large: Table = { peers: table.peers * 10, swarms: table.swarms * 10 };
const report = new Report({ json: values.json });

/** What is asked of which table, and by whom it can be answered; `bittorrent-http` has the table of `bittorrent-udp`. */
const cases: Readonly<Record<string, { what: LoadTask['what']; table: Table; only?: readonly string[] }>> = {
  announce: { what: 'announce', table },
  'announce-one-swarm': { what: 'announce', table: oneSwarm, only: ['ours', 'bittorrent-udp', 'opentracker'] },
  'announce-small': { what: 'announce', table: small, only: ['ours'] },
  'announce-large': { what: 'announce', table: large, only: ['ours'] },
  'first-contact': { what: 'firstContact', table: small },
  'chunk-register': { what: 'holdChunks', table: small, only: ['ours'] },
  'chunk-register-large': { what: 'holdChunks', table: large, only: ['ours'] },
  locations: { what: 'locate', table: small, only: ['ours'] },
  'locations-large': { what: 'locate', table: large, only: ['ours'] },
  memory: { what: 'fill', table, only: ['ours', 'bittorrent-udp', 'opentracker'] },
};

if (!existsSync('/proc/self/stat')) {
  report.skipped('tracker', 'there is no /proc here, from which CPU time and memory are read');
  process.exit();
}
const results = new Map<string, Map<string, LoadFigures[]>>();
for (let round = 0; round < number('rounds'); round += 1)
  for (const name of chosen('cases', values.cases, Object.keys(cases)))
    for (const tracker of chosen('only', values.only, Object.keys(trackers)))
      if (cases[name]!.only?.includes(tracker) ?? true) await measure(name, tracker);
print();

/** One fresh server, one fresh process that loads it. */
async function measure(name: string, tracker: string): Promise<void> {
  report.progress(`${name} ${tracker}`);
  const { what, table } = cases[name]!;
  try {
    await using server = await trackers[tracker]!.start();
    const figures =
      what === 'fill' ? await measureMemory(tracker, server, table) : await load(tracker, server, table, what);
    report.line({ case: name, tracker, ...table, ...figures });
    const ofCase = results.get(name) ?? new Map<string, LoadFigures[]>();
    results.set(name, ofCase.set(tracker, [...(ofCase.get(tracker) ?? []), figures]));
  } catch (error) {
    report.skipped(`${name} ${tracker}`, String(error));
  }
}

async function load(tracker: string, server: Server, table: Table, what: LoadTask['what']): Promise<LoadFigures> {
  await fill(tracker, server, table);
  return runLoad(taskOf(tracker, server, table, what));
}

/** What the table adds to a server that has already had to do with peers: its code is compiled, its heap is grown. */
async function measureMemory(tracker: string, server: Server, table: Table): Promise<LoadFigures> {
  await fill(tracker, server, { peers: small.peers, swarms: table.swarms });
  await server.settle();
  const before = anonymousMB(server.pid);
  await fill(tracker, server, table);
  await server.settle();
  return {
    megabytes: ((anonymousMB(server.pid) - before) * 100_000) / (table.peers - (server.fill ? 0 : small.peers)),
  };
}

async function fill(tracker: string, server: Server, table: Table): Promise<void> {
  if (server.fill !== undefined) await server.fill(table);
  else await runLoad(taskOf(tracker, server, table, 'fill'));
}

function taskOf(tracker: string, { pid, port }: Server, table: Table, what: LoadTask['what']): LoadTask {
  const setting: ClientSetting = { port, table, want: number('want') };
  return { tracker, pid, setting, what, clients: number('clients'), seconds: number('seconds') };
}

/** In a process of its own: what it keeps must not slow the next down. */
function runLoad(task: LoadTask): Promise<LoadFigures> {
  const program = fileURLToPath(new URL('tracker/load.ts', import.meta.url));
  const flags = ['-C', '@shoal/source', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'];
  const child = fork(program, { execArgv: flags });
  return new Promise((resolve, reject) => {
    child.once('message', (answer: { figures: LoadFigures } | { failed: string }) =>
      'figures' in answer ? resolve(answer.figures) : reject(new Error(answer.failed)),
    );
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)));
    child.send(task);
  });
}

function print(): void {
  const columns = {
    perCore: 'a core and second',
    perSecond: 'a second',
    busyPercent: '% of a core used',
    p50Ms: 'p50 ms at half',
    p99Ms: 'p99 ms at half',
    p99NetMs: 'p99, our own lateness out',
    megabytes: 'MB / 100,000 peers',
  };
  for (const [name, ofCase] of results) {
    const { table } = cases[name]!;
    const rows = [...ofCase].map(([tracker, rounds]) => {
      const spread = spreads(rounds);
      return [tracker].concat(Object.keys(columns).map((figure) => withSpread(spread[figure])));
    });
    const title = `${name}: ${table.peers} peers in ${table.swarms} swarms, median of ${values.rounds} rounds`;
    report.table(title, [['', ...Object.values(columns)], ...rows]);
  }
}

/** The median, and between which figures it lies where there were several rounds. */
function withSpread(spread: Spread | undefined): string {
  if (spread === undefined || spread.least === spread.most) return short(spread?.median);
  return `${short(spread.median)} (${short(spread.least)}–${short(spread.most)})`;
}
