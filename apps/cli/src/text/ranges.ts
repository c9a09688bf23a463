// Which chunks are held, as people write it: `0-4 7 9-20`.

import type { Bitfield } from '@shoal/machine';

const rangesMax = 8; // more make no line that anybody reads

/** Runs of set bits, at most eight of them, then `…`. */
export function formatRanges(bits: Bitfield): string {
  const runs: [first: number, last: number][] = [];
  for (const index of bits.ones()) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === index - 1) run[1] = index;
    else if (runs.length === rangesMax) return `${runs.map(formatRun).join(' ')} …`;
    else runs.push([index, index]);
  }
  return runs.length === 0 ? 'none' : runs.map(formatRun).join(' ');
}

const formatRun = ([first, last]: [number, number]): string => (first === last ? String(first) : `${first}-${last}`);
