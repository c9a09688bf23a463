// What a session is made of.

import type { HashSuite } from '@shoal/chunker';
import type { LinkNumbers, PeerId, Rng } from '@shoal/machine';
import { ByteBudget } from './byte-budget.ts';
import type { RateLimits } from './rate-limits.ts';

const fetchBytesMax = 32 * 1024 * 1024; // asked for and not yet on disk, over all swarms: no more is asked for
const giveBytesMax = 32 * 1024 * 1024; // read and not yet sent, over all swarms: requests wait

export interface SessionOptions {
  /** Our own identity. */
  readonly peer: PeerId;
  readonly rng: Rng;
  /** The fastest hashes at hand; plain JavaScript unless given. */
  readonly hashes?: HashSuite;
  /** Shared by everybody who uses the same carrier. */
  readonly numbers?: LinkNumbers;
  /** The port under which others reach us; without it we only dial. */
  readonly listenPort?: number;
  /** The program's name, told to remotes. */
  readonly agent?: string;
  readonly fetchBytesMax?: number;
  readonly giveBytesMax?: number;
  /** Over all swarms. */
  readonly limits?: RateLimits;
}

/** What all swarms of a session share. */
export const budgetsOf = (options: SessionOptions): Record<'fetchBudget' | 'giveBudget', ByteBudget> => ({
  fetchBudget: new ByteBudget({
    heldBytesMax: options.fetchBytesMax ?? fetchBytesMax,
    bytesPerSecondMax: options.limits?.downBytesPerSecondMax,
  }),
  giveBudget: new ByteBudget({
    heldBytesMax: options.giveBytesMax ?? giveBytesMax,
    bytesPerSecondMax: options.limits?.upBytesPerSecondMax,
  }),
});
