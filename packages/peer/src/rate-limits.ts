// How fast a user lets a transfer, or all of them, be.

import { UsageError } from '@shoal/machine';

/** Of the bodies of chunks, in bytes per second on average over some chunks. No limit unless given. */
export interface RateLimits {
  readonly upBytesPerSecondMax?: number | undefined;
  readonly downBytesPerSecondMax?: number | undefined;
}

/** Throws UsageError for a rate at which nothing would ever move. */
export function checkLimits(limits: RateLimits | undefined): void {
  for (const [name, rate] of Object.entries(limits ?? {}))
    if (rate !== undefined && !(rate > 0)) throw new UsageError(name, 'must be above 0');
}
