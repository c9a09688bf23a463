// `shoal sim`: a whole swarm in this process, the same every time for one seed, and how near it came to the bound.

import { loadWasmHashes, parseByteSize } from '@shoal/chunker';
import { ShoalError, UsageError } from '@shoal/machine';
import { runScenario, type ScenarioSize, scenarioFor, scenarios } from '@shoal/simulator';
import { nodeCrypto } from '@shoal/transport-udp/node';
import type { CommonOptions, Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes, formatDuration } from '../text/units.ts';

interface SimOptions extends CommonOptions {
  readonly receivers?: string;
  readonly size?: string;
}

export async function sim(
  name: string | undefined,
  seed: string,
  options: SimOptions,
  { output }: Context,
): Promise<void> {
  if (name === undefined) return listScenarios(output);
  const size = readSize(options);
  const scenario = scenarioFor(name, seed, size);
  if (scenario === undefined)
    throw new ShoalError('notFound', `no scenario is called "${name}"; \`shoal sim\` lists them`);
  output.say(
    `${name}, seed ${seed}: ${plural(scenario.receivers.length, 'receiver')} of ${formatBytes(scenario.totalBytes)}`,
  );
  const result = runScenario({ scenario, seed, hashes: await loadWasmHashes(), crypto: nodeCrypto });
  const { finishedAtMs, boundMs, ownerCopies, traceHash, problems } = result;
  const done = finishedAtMs.filter((at) => at !== undefined);
  const lastMs = Math.max(0, ...done);
  const figures = { receivers: finishedAtMs.length, finished: done.length, boundMs, lastMs, ownerCopies };
  output.event({ event: 'done', scenario: name, seed, ...figures, trace: traceHash, problems });
  output.data(
    formatTable([
      ['receivers', 'finished', 'bound', 'last', 'ratio', 'copies by owner'],
      [
        ...[finishedAtMs.length, done.length].map(String),
        ...[boundMs, lastMs].map(formatDuration),
        ...[lastMs / boundMs, ownerCopies].map((ratio) => ratio.toFixed(2)),
      ],
    ]),
  );
  if (problems.length > 0) throw new ShoalError('unfinished', `seed ${seed} went wrong: ${problems.join('; ')}`);
}

function listScenarios(output: Context['output']): void {
  for (const { name, about } of scenarios) output.event({ event: 'scenario', name, about });
  output.event({ event: 'done', scenarios: scenarios.length });
  output.data(scenarios.map(({ name, about }) => `${name.padEnd(9)} ${about}`).join('\n'));
}

function readSize({ receivers, size }: SimOptions): Partial<ScenarioSize> {
  const count = receivers === undefined ? undefined : Number(receivers);
  const totalBytes = size === undefined ? undefined : parseByteSize(size);
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 1_000))
    throw new UsageError('--receivers', `"${receivers}" is not a number from 1 to 1,000`);
  if (size !== undefined && !(totalBytes !== undefined && totalBytes >= 1))
    throw new UsageError('--size', `"${size}" is not a size, such as 25MB`);
  return { ...(count !== undefined && { receivers: count }), ...(totalBytes !== undefined && { totalBytes }) };
}
