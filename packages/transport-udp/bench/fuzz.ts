// Hostile datagrams without end around one endpoint after another, in virtual time and from one seed: nothing may be
// thrown, kept, or answered with more than three times what was asked. npm run bench -- transport/fuzz [options]
//   --datagrams 10000000 --seed 1   how many, drawn from what
//   --per-round 1000000             so many around one endpoint, then around a new one
//   --round 3                       only that one: the command that a failure prints
//   --json                          one line

import { parseArgs } from 'node:util';
import { invariant } from '@shoal/machine';
import { Storm } from '../test/fuzz/storm.ts';

const { values } = parseArgs({
  options: {
    datagrams: { type: 'string', default: '10000000' },
    'per-round': { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    round: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const { seed } = values;
const perRound = Math.min(Number(values['per-round']), Number(values.datagrams));
const rounds = Math.ceil(Number(values.datagrams) / perRound);
/** Memory is looked at this often; the first time is what the later ones are compared with. */
const sampleEvery = Math.min(50_000, Math.ceil(perRound / 4));
/** What all windows of all connections together may hold at most, and as much again for the collector. */
const growthBytesMax = 64 * 2 ** 20;

const total = { datagrams: 0, answered: 0, answeredMost: 0, growthBytes: 0 };
const began = performance.now();
for (let round = Number(values.round ?? 0); round < (values.round === undefined ? rounds : Number(values.round) + 1);) {
  runRound(round);
  round += 1;
  if (process.stderr.isTTY) process.stderr.write(`\r${total.datagrams} datagrams`);
}
report();

function runRound(round: number): void {
  const storm = new Storm(`${seed}/${round}`);
  try {
    let first: number | undefined;
    while (storm.datagrams < perRound) {
      storm.run(Math.min(sampleEvery, perRound - storm.datagrams));
      const bytes = memoryBytes();
      first ??= bytes;
      total.growthBytes = Math.max(total.growthBytes, bytes - first);
      invariant(bytes - first < growthBytesMax, `memory has grown by ${bytes - first} bytes`);
    }
    storm.heal();
  } catch (error) {
    process.stderr.write(
      `after ${storm.datagrams} datagrams: ${(error as Error).stack}\nagain: npm run bench -- transport/fuzz ` +
        `--seed ${seed} --round ${round} --datagrams ${values.datagrams} --per-round ${perRound}\n`,
    );
    process.exit(1);
  }
  total.datagrams += storm.datagrams;
  total.answered += storm.answered;
  total.answeredMost = Math.max(total.answeredMost, storm.answeredMost);
}

/** What is alive. Needs --expose-gc, which `npm run bench` gives. */
function memoryBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function report(): void {
  const perSecond = Math.round((1_000 * total.datagrams) / (performance.now() - began));
  const peakBytes = process.resourceUsage().maxRSS * 1_024;
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, ...total, perSecond, peakBytes })}\n`);
  else
    process.stdout.write(
      `${total.datagrams} hostile datagrams around ${values.round === undefined ? rounds : 1} endpoints, seed ${seed}\n` +
        `nothing thrown; ${perSecond} datagrams/s\n` +
        `memory grew by ${(total.growthBytes / 1e6).toFixed(1)} MB at most, the process to ${(peakBytes / 1e6).toFixed(0)} MB\n` +
        `an unproved address got ${total.answeredMost.toFixed(2)} times what it sent at most\n` +
        `${total.answered} true answers to somebody honest meanwhile\n`,
    );
}
