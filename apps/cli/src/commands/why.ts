// `shoal why`: what the time of a transfer went to, while it runs or afterwards, from another terminal.

import { ShoalError } from '@shoal/machine';
import { type LogEntry, readLogbook } from '../logbook.ts';
import type { CommonOptions, Context } from '../run.ts';
import { escapeText } from '../text/escape.ts';
import { holdupRows } from '../text/holdups.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes, formatDuration } from '../text/units.ts';

const worthAdvice = 0.05; // of the time

export function why(name: string | undefined, _options: CommonOptions, { output }: Context): void {
  const entries = readLogbook();
  const entry = entries.find((one) => name === undefined || one.name === name || one.swarm.startsWith(name));
  if (entry === undefined) throw new ShoalError('notFound', complaint(name, entries));
  const { swarm, state, heldBytes, totalBytes, elapsedMs, holdups } = entry;
  output.event({ event: 'done', swarm, name: entry.name, state, heldBytes, totalBytes, elapsedMs, holdups });
  const amount = `${formatBytes(heldBytes)} of ${formatBytes(totalBytes)} in ${formatDuration(elapsedMs)}`;
  output.say(`${escapeText(entry.name)}: ${amount}, ${escapeText(state)}`);
  output.data(formatTable([['the time went to', 'time', 'share'], ...holdupRows(holdups)]));
  if ((holdups.kernelDrops ?? 0) > worthAdvice * elapsedMs)
    output.say('larger socket buffers would help: `shoal doctor` says how to get them');
}

function complaint(name: string | undefined, entries: readonly LogEntry[]): string {
  if (name === undefined) return 'nothing was fetched yet; `shoal get` fetches';
  const known = entries.slice(0, 5).map((entry) => escapeText(entry.name));
  return `no transfer is called "${name}"${known.length === 0 ? '' : `; the latest are ${known.join(', ')}`}`;
}
