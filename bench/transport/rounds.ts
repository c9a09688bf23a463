// Measures a list of cases in interleaved rounds: each case once, then each once more. What else the machine does then
// falls on all of them alike, and ratios of one round compare what ran within the same minute.

import type { Figures } from './cases/case.ts';
import type { Report } from './report.ts';

export interface Rounds<M> {
  readonly rounds: number;
  readonly report: Report;
  readonly measure: (measurement: M) => Promise<Figures>;
  readonly describe: (measurement: M) => string;
}

/** The rounds of each measurement; none for one that failed, which is then reported and not tried again. */
export async function measureRounds<M>(
  measurements: readonly M[],
  { rounds, report, measure, describe }: Rounds<M>,
): Promise<Map<M, Figures[]>> {
  const results = new Map(measurements.map((measurement): [M, Figures[]] => [measurement, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Every round starts elsewhere, so that nobody always runs behind the same neighbour.
    for (const index of measurements.keys()) {
      const measurement = measurements[(index + round) % measurements.length]!;
      const figures = results.get(measurement);
      if (figures === undefined) continue;
      const what = describe(measurement);
      report.progress(`round ${round + 1} of ${rounds}: ${what}`);
      try {
        figures.push(await measure(measurement));
      } catch (error) {
        report.skipped(what, (error as Error).message);
        results.delete(measurement);
      }
    }
  }
  return results;
}
