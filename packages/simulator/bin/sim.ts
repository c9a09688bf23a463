// npm run sim -- [scenario...] [--seed S] [--count N] [--trace FILE]
//
// Runs named scenarios (all of them when none is named) and prints how near each came to the fluid bound. `--count`
// runs so many seeds: S, S.1, S.2… `--trace` writes what happened, line by line. Exits with 1 when a run went
// wrong, after the command that repeats it. `--gate` is what the project's own check runs: every scenario with three
// fixed seeds, the heavy ones with one.

import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadWasmHashes } from '@shoal/chunker';
import { nodeCrypto } from '@shoal/transport-udp/node';
import { runScenario, type ScenarioResult, scenarioFor, scenarios } from '../src/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    trace: { type: 'string' },
    gate: { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (ms: number): string => (ms / 1_000).toFixed(2).padStart(7);
const hashes = await loadWasmHashes();

/** Runs one scenario with one seed; answers whether it went well. */
function runOne(name: string, seed: string): boolean {
  const scenario = scenarioFor(name, seed);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const file = values.trace === undefined ? undefined : createWriteStream(values.trace);
  const started = performance.now();
  try {
    const onTrace = file && ((line: string): void => void file.write(`${line}\n`));
    const result = runScenario({ scenario, seed, hashes, crypto: nodeCrypto, ...(onTrace && { onTrace }) });
    report(name, seed, result, performance.now() - started);
    if (result.problems.length === 0) return true;
    for (const problem of result.problems) print(`  ${problem}`);
  } catch (error) {
    print(`${name.padEnd(9)} ${String(error instanceof Error ? error.stack : error)}`);
  } finally {
    file?.end();
  }
  print(`  again: npm run sim -- ${name} --seed ${seed}`);
  return false;
}

function report(name: string, seed: string, result: ScenarioResult, tookMs: number): void {
  const lastMs = Math.max(0, ...result.finishedAtMs.map((at) => at ?? 0));
  const columns = [
    name.padEnd(9),
    seed.padEnd(6),
    seconds(result.boundMs),
    seconds(lastMs),
    (lastMs / result.boundMs).toFixed(2).padStart(6),
    result.ownerCopies.toFixed(2).padStart(6),
    String(result.events).padStart(9),
    seconds(tookMs),
    result.traceHash,
  ];
  print(columns.join(' '));
}

const names = positionals.length > 0 ? positionals : scenarios.map(({ name }) => name);
const unknown = names.filter((name) => !scenarios.some((known) => known.name === name));
const count = Number(values.count);
if (unknown.length > 0 || !Number.isInteger(count) || count < 1) {
  print(unknown.length > 0 ? `no scenario ${unknown.join(', ')}; there are:` : '--count must be a whole number from 1');
  for (const { name, about } of scenarios) print(`  ${name.padEnd(9)} ${about}`);
  process.exit(2);
}

const runs = values.gate
  ? scenarios.flatMap(({ name, isHeavy = false }) =>
      (isHeavy ? ['1'] : ['1', '2', '3']).map((seed) => ({ name, seed })),
    )
  : names.flatMap((name) =>
      Array.from({ length: count }, (_, i) => ({ name, seed: i === 0 ? values.seed : `${values.seed}.${i}` })),
    );
print('scenario  seed   bound s  last s  ratio copies    events  took s trace');
const wrong = runs.filter(({ name, seed }) => !runOne(name, seed)).length;
if (wrong > 0) print(`${wrong} of ${runs.length} runs went wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
