// How fast bytes flow now: an exponentially weighted average that is right from the first moment, because it divides
// by the weight of the time it has really seen instead of pretending to have watched for ever.

import type { Instant } from '@shoal/machine';

/** A rate over about the last `windowMs`. */
export class RateMeter {
  readonly #windowMs: number;
  #startedAt: Instant | undefined;
  #at = 0;
  #weighted = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Begins to measure; until then no time has passed and the rate is 0. Again later, it forgets what it saw. */
  start(now: Instant): void {
    this.#startedAt = now;
    this.#at = now;
    this.#weighted = 0;
  }

  add(bytes: number, now: Instant): void {
    if (this.#startedAt === undefined) this.start(now);
    this.#decay(now);
    this.#weighted += bytes;
  }

  bytesPerSecond(now: Instant): number {
    if (this.#startedAt === undefined) return 0;
    this.#decay(now);
    const seenMs = Math.max(1, now - this.#startedAt);
    const weightMs = this.#windowMs * (1 - Math.exp(-seenMs / this.#windowMs));
    return (this.#weighted / weightMs) * 1_000;
  }

  #decay(now: Instant): void {
    if (now <= this.#at) return;
    this.#weighted *= Math.exp((this.#at - now) / this.#windowMs);
    this.#at = now;
  }
}
