// A common purse of bytes: what is asked for and not yet on disk, what is read and not yet sent. It bounds memory.

import type { Instant } from '@shoal/machine';

/** At most `maxBytes` at a time; a single taker larger than that is let through alone, or it would wait for ever. */
export class ByteBudget {
  readonly #maxBytes: number;
  readonly #waiting = new Set<(now: Instant) => void>();
  #usedBytes = 0;
  #wasGiven = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether `bytes` fit now; if not, `retry` is called once when some were given back. */
  allows(bytes: number, retry: (now: Instant) => void): boolean {
    const fits = this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#maxBytes;
    if (!fits) this.#waiting.add(retry);
    return fits;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#wasGiven = true;
  }

  /** Tells those who wait that bytes were given back; called between calls, never from within one. */
  serve(now: Instant): void {
    if (!this.#wasGiven) return;
    this.#wasGiven = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const retry of waiting) retry(now);
  }

  /** The one who waited has gone. */
  forget(retry: (now: Instant) => void): void {
    this.#waiting.delete(retry);
  }
}
