// What is said when a transfer is done: how much, how fast, from whom, how near to what was possible, and what the time
// went to.

import { formatAddress } from '@shoal/machine';
import { fluidBoundMs } from '@shoal/peer';
import type { TransferReport } from '@shoal/peer/node';
import { holdupWords } from './holdups.ts';
import { formatBytes, formatDuration, formatRate, formatShare } from './units.ts';
import { foldList } from './width.ts';

const rowsMax = 8;

/** A finished transfer, and the best rate that was seen in it; 0 when it was over too soon to tell. */
export interface Finished {
  readonly report: TransferReport;
  readonly bestBytesPerSecond: number;
}

const fetchedBytes = ({ wantedBytes, resumedBytes }: TransferReport): number => Math.max(0, wantedBytes - resumedBytes);

/** The least time in which this end could have taken in what it fetched, at the best rate it was seen to. */
export function boundMs({ report, bestBytesPerSecond }: Finished): number | undefined {
  if (bestBytesPerSecond === 0) return undefined;
  const receivers = [{ upBytesPerSecond: 0, downBytesPerSecond: bestBytesPerSecond }];
  return fluidBoundMs({ totalBytes: fetchedBytes(report), ownerUpBytesPerSecond: Infinity, receivers });
}

/** Lines for people. */
export function formatSummary(finished: Finished, columns: number): string {
  const { report } = finished;
  const { elapsedMs, remotes, holdups } = report;
  const bytes = fetchedBytes(report);
  const rate = formatRate(bytes / Math.max(0.001, elapsedMs / 1_000));
  const givers = remotes
    .filter(({ receivedBytes }) => receivedBytes > 0)
    .toSorted((a, b) => b.receivedBytes - a.receivedBytes);
  const lines = [`${formatBytes(bytes)} in ${formatDuration(elapsedMs)} (${rate}), verified`];
  for (const [index, { address, receivedBytes }] of givers.slice(0, rowsMax).entries()) {
    const share = formatShare(receivedBytes / report.receivedBytes).padStart(7);
    lines.push(
      `${index === 0 ? 'from' : '    '} ${formatAddress(address).padEnd(22)} ${formatBytes(receivedBytes).padStart(7)} ${share}`,
    );
  }
  if (givers.length > rowsMax) lines.push(`     and ${givers.length - rowsMax} more`);
  const bound = boundMs(finished);
  if (bound !== undefined && bound > 0)
    lines.push(`${(elapsedMs / bound).toFixed(2)} times the bound (${formatDuration(bound)} at the best rate seen)`);
  const words = holdupWords(holdups);
  if (words.length > 0) lines.push(foldList('the time went to:', words, columns));
  return lines.join('\n');
}
