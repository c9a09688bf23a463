// What a session is made of.

import type { HashSuite } from '@shoal/chunker';
import type { LinkNumbers, PeerId, Rng } from '@shoal/machine';
import type { RateLimits } from './rate-limits.ts';

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
