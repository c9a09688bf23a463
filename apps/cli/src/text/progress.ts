// One transfer on one line: whatever of it fits the terminal, what matters most for longest.

import type { Holdup } from '@shoal/peer';
import { escapeText } from './escape.ts';
import { limitWords } from './holdups.ts';
import { formatBytes, formatDuration, formatRate } from './units.ts';
import { clip, widthOf } from './width.ts';

const barWidth = 20;
const nameColumnsMax = 24;
const roomyColumns = 80;
const gap = '  ';

/** A moment of a transfer. */
export interface Moment {
  readonly name?: string;
  readonly heldBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly peers: number;
  /** What it waits for most, now. */
  readonly limit?: Holdup | undefined;
}

/**
 * `photos  [########------------]   42 %  1.51 GB of 3.60 GB  12.3 MB/s  2 min 5 s left  5 peers  limit: the way here`,
 * on 120 columns; on 60 without name, bar and amount.
 */
export function formatProgress(moment: Moment, columns: number): string {
  const parts = partsOf(moment, columns);
  const width = (): number => parts.reduce((sum, { text }) => sum + widthOf(text), gap.length * (parts.length - 1));
  // A terminal breaks a line that fills it.
  while (parts.length > 1 && width() >= columns) parts.splice(indexOfLeast(parts), 1);
  return parts.map(({ text }) => text).join(gap);
}

interface Part {
  readonly text: string;
  /** The largest stays longest. */
  readonly weight: number;
}

function partsOf(moment: Moment, columns: number): Part[] {
  const { name, heldBytes, totalBytes, bytesPerSecond, peers, limit } = moment;
  const share = totalBytes === 0 ? 1 : heldBytes / totalBytes;
  const full = Math.floor(share * barWidth);
  const left = bytesPerSecond > 0 ? formatDuration(((totalBytes - heldBytes) / bytesPerSecond) * 1_000) : '?';
  return [
    ...(name === undefined ? [] : [{ text: clip(escapeText(name), nameColumnsMax), weight: 1 }]),
    { text: `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}]`, weight: 0 },
    { text: `${String(Math.floor(100 * share)).padStart(3)} %`, weight: 7 },
    { text: `${formatBytes(heldBytes)} of ${formatBytes(totalBytes)}`, weight: 2 },
    { text: formatRate(bytesPerSecond), weight: 6 },
    { text: `${left} left`, weight: 5 },
    { text: `${peers} peer${peers === 1 ? '' : 's'}`, weight: 3 },
    ...(limit === undefined
      ? []
      : [{ text: `${columns < roomyColumns ? '' : 'limit: '}${limitWords[limit]}`, weight: 4 }]),
  ];
}

const indexOfLeast = (parts: readonly Part[]): number =>
  parts.reduce((least, { weight }, index) => (weight < parts[least]!.weight ? index : least), 0);
