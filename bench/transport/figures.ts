// Rounds of one case put together: what one would quote, and how far the rounds were apart.

import type { Figures } from './cases/case.ts';

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** For each figure, over the rounds. */
export function spreads(rounds: readonly Figures[]): Record<string, Spread> {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = rounds.map((round) => round[name]!);
      return [name, { median: median(values), least: Math.min(...values), most: Math.max(...values) }];
    }),
  );
}
