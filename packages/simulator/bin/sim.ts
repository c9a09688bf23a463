// npm run sim -- [scenario...] [--seed S] [--count N] [--receivers N] [--size BYTES] [--trace FILE] [--help]
//
// Runs named scenarios and prints how near each came to the fluid bound, and where time was lost. Exits with 1 when a run
// went wrong, after the command that repeats it, and with 2 when it was asked for what there is not.

import { closeSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadWasmHashes, parseByteSize } from '@shoal/chunker';
import { nodeCrypto } from '@shoal/transport-udp/node';
import { quantile, runScenario, type ScenarioResult, type ScenarioSize, scenarioFor, scenarios } from '../src/index.ts';
import { nearest } from './nearest.ts';

interface Run {
  readonly name: string;
  readonly seed: string;
  readonly size: Partial<ScenarioSize>;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const hashes = await loadWasmHashes();
const options = optionsOf(process.argv.slice(2));
const runs = options.gate ? gateRuns() : wantedRuns();
print(
  'scenario  seed    peers bound s  last s ratio med. s copies  tail waste %    events µs/event  took s    MB trace',
);
const wrong = runs.filter((run) => !wentWell(run)).length;
if (wrong > 0) print(`${wrong} of ${runs.length} runs went wrong`);
process.exitCode = wrong > 0 ? 1 : 0;

function help(): string {
  const rows = scenarios.map(({ name, about, size }) => {
    const usual = size === undefined ? '' : ` (${size.receivers} receivers of ${size.totalBytes / 1e6} MB)`;
    return `  ${name.padEnd(9)} ${about}${usual}`;
  });
  return `npm run sim -- [scenario...] [options]

Runs scenarios, all but the large one when none is named. They are:
${rows.join('\n')}

  --seed S        draws everything that is left open (1)
  --count N       so many seeds: S, S.1, S.2…
  --receivers N   instead of the usual number, where a size is given above
  --size BYTES    of the content instead of the usual size, likewise: 25MB, 1GiB
  --trace FILE    writes what happened, line by line
  --gate          what the project's own check runs

Columns: the fluid bound; when the last receiver was done; their ratio; when half of them were; copies that the owner sent;
tail, the time of the last hundredth of all chunks (p99) beside the median chunk's; bytes that came for nothing; what
the simulation took. Uplinks: parts of their capacity that sent, or were idle because the peer had nothing (empty), because
nobody lacked what it held (useless) or only peers that are no neighbours (distant), because what neighbours lacked was
coming from others (elsewhere), or though a neighbour lacked something and had asked nobody for it (unasked).`;
}

function optionsOf(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: '1' },
        count: { type: 'string', default: '1' },
        receivers: { type: 'string' },
        size: { type: 'string' },
        trace: { type: 'string' },
        gate: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return refuse(help(), 0);
    for (const name of positionals) if (!scenarios.some((known) => known.name === name)) refuse(unknown(name));
    const { seed, gate, trace } = values;
    const size: Partial<ScenarioSize> = {
      ...(values.receivers !== undefined && { receivers: wholeNumber('receivers', values.receivers) }),
      ...(values.size !== undefined && { totalBytes: byteSize(values.size) }),
    };
    return { seed, gate, trace, size, count: wholeNumber('count', values.count), names: positionals };
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}; try --help`);
  }
}

function unknown(name: string): string {
  const like = nearest(
    name,
    scenarios.map((known) => known.name),
  );
  return `no scenario ${name}${like === undefined ? '' : `; did you mean ${like}?`} (--help lists them)`;
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 ? value : refuse(`--${option} is a whole number from 1, not ${text}`);
}

function byteSize(text: string): number {
  const bytes = parseByteSize(text);
  return bytes !== undefined && bytes >= 1 ? bytes : refuse(`--size is so many bytes, like 25MB, not ${text}`);
}

function refuse(why: string, exitCode = 2): never {
  print(why);
  process.exit(exitCode);
}

function wantedRuns(): Run[] {
  const { seed, count, size } = options;
  const names =
    options.names.length > 0 ? options.names : scenarios.flatMap(({ name, gate }) => (gate?.seeds === 0 ? [] : [name]));
  return names.flatMap((name) =>
    Array.from({ length: count }, (_, i) => ({ name, seed: i === 0 ? seed : `${seed}.${i}`, size })),
  );
}

function gateRuns(): Run[] {
  return scenarios.flatMap(({ name, gate = {} }) =>
    Array.from({ length: gate.seeds ?? 3 }, (_, i) => ({ name, seed: `${i + 1}`, size: gate.size ?? {} })),
  );
}

function wentWell({ name, seed, size }: Run): boolean {
  const scenario = scenarioFor(name, seed, size)!;
  const file = options.trace === undefined ? undefined : openSync(options.trace, 'w');
  const started = performance.now();
  try {
    // At once: of a run that never ends, the end of the trace is what one wants to see.
    const onTrace = file && ((line: string): void => void writeSync(file, `${line}\n`));
    const result = runScenario({ scenario, seed, hashes, crypto: nodeCrypto, ...(onTrace && { onTrace }) });
    report(name, seed, result, performance.now() - started);
    if (result.problems.length === 0) return true;
    for (const problem of result.problems) print(`  ${problem}`);
  } catch (error) {
    print(`${name.padEnd(9)} ${String(error instanceof Error ? error.stack : error)}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  const sized = [
    ...(size.receivers === undefined ? [] : [` --receivers ${size.receivers}`]),
    ...(size.totalBytes === undefined ? [] : [` --size ${size.totalBytes}`]),
  ];
  print(`  again: npm run sim -- ${name} --seed ${seed}${sized.join('')}`);
  return false;
}

function report(name: string, seed: string, result: ScenarioResult, tookMs: number): void {
  const { finishedAtMs, boundMs, chunkTimes, events, uplinks } = result;
  const done = finishedAtMs.filter((at) => at !== undefined);
  const lastMs = Math.max(0, ...done);
  const receivedBytes = result.bytesFrom.flat().reduce((sum, bytes) => sum + bytes, 0);
  const columns = [
    name.padEnd(9),
    seed.padEnd(6),
    String(finishedAtMs.length).padStart(6),
    (boundMs / 1_000).toFixed(2).padStart(7),
    (lastMs / 1_000).toFixed(2).padStart(7),
    (lastMs / boundMs).toFixed(2).padStart(5),
    (quantile(done, 0.5) / 1_000).toFixed(2).padStart(6),
    result.ownerCopies.toFixed(2).padStart(6),
    (chunkTimes.lastP99Ms / chunkTimes.medianMs).toFixed(1).padStart(5),
    ((result.wastedBytes / receivedBytes) * 100).toFixed(2).padStart(7),
    String(events).padStart(9),
    ((tookMs / events) * 1_000).toFixed(1).padStart(8),
    (tookMs / 1_000).toFixed(2).padStart(7),
    (process.resourceUsage().maxRSS / 1_024).toFixed(0).padStart(5),
    result.traceHash,
  ];
  print(columns.join(' '));
  for (const { firstByteMs = Number.NaN, stalls, stalledMs } of result.viewers)
    print(
      `  viewer: first byte after ${firstByteMs.toFixed(0)} ms, ${stalls} stalls, ${stalledMs.toFixed(0)} ms together`,
    );
  if (result.ridersShare !== undefined)
    print(`  riders had ${(result.ridersShare * 100).toFixed(1)} % when all others were done`);
  if (uplinks === undefined) return;
  const shares = Object.entries(uplinks).map(([state, share]) => `${(share * 100).toFixed(1)} % ${state}`);
  print(`  uplinks: ${shares.join(', ')}`);
}
