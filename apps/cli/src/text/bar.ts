// One transfer on one line of at most 60 columns.

import { formatBytes, formatRate } from './units.ts';

const barWidth = 20;

/** What a progress line shows. */
export interface Progress {
  readonly heldBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly peers: number;
}

/** `[########------------]  42 %  1.5 MB of 3.6 MB  12 MB/s  5 peers`. */
export function formatProgress({ heldBytes, totalBytes, bytesPerSecond, peers }: Progress): string {
  const share = totalBytes === 0 ? 1 : heldBytes / totalBytes;
  const full = Math.floor(share * barWidth);
  const bar = `${'#'.repeat(full)}${'-'.repeat(barWidth - full)}`;
  const percent = String(Math.floor(100 * share)).padStart(3);
  const people = `${peers} peer${peers === 1 ? '' : 's'}`;
  return `[${bar}] ${percent} %  ${formatBytes(totalBytes)}  ${formatRate(bytesPerSecond)}  ${people}`;
}
