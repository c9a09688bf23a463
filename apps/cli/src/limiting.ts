// What holds a transfer up at the moment: what most of the time went to of late.

import type { Holdup, HoldupShares } from '@shoal/peer';

const windowMs = 2_000; // long enough not to flicker

export class Limiting {
  readonly #seen: { readonly elapsedMs: number; readonly holdups: HoldupShares }[] = [];

  /** Takes the shares as they stand now; undefined while no time has passed. */
  look(now: { readonly elapsedMs: number; readonly holdups: HoldupShares }): Holdup | undefined {
    this.#seen.push(now);
    while (this.#seen.length > 2 && now.elapsedMs - this.#seen[1]!.elapsedMs >= windowMs) this.#seen.shift();
    const before = this.#seen[0]!.holdups;
    const grown = (Object.entries(now.holdups) as [Holdup, number][]).map(
      ([holdup, ms]) => [holdup, ms - (before[holdup] ?? 0)] as const,
    );
    const [holdup, ms] = grown.toSorted(([, a], [, b]) => b - a)[0] ?? [undefined, 0];
    return ms > 0 ? holdup : undefined;
  }
}
