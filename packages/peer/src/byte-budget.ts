// A common purse of bytes: what is asked for and not yet on disk, what is read and not yet sent. It bounds memory, and
// where a rate is given, how fast bytes are taken. A chunk is taken whole, so the rate is kept on average and not at
// every moment: the generic cell rate algorithm (ITU-T I.371) says when the next one is due.

import { after, type Instant, instant, NEVER } from '@shoal/machine';

const lateMsMax = 100; // a timer that was late may be made up for, so far

export interface ByteBudgetOptions {
  /** At most so many at a time; a single taker larger than that is let through alone, or it would wait for ever. */
  readonly heldBytesMax?: number | undefined;
  /** No limit unless given. */
  readonly bytesPerSecondMax?: number | undefined;
  /** What is taken here is taken there too. */
  readonly within?: ByteBudget | undefined;
}

export class ByteBudget {
  readonly #heldBytesMax: number;
  readonly #bytesPerSecondMax: number;
  readonly #within: ByteBudget | undefined;
  readonly #waiting = new Set<(now: Instant) => void>();
  #usedBytes = 0;
  #wasGiven = false;
  /** From when on the rate lets the next one through. */
  #dueAt: Instant | undefined;
  /** Then somebody who waits for that is told. */
  #wakeAt: Instant = NEVER;

  constructor({ heldBytesMax = Infinity, bytesPerSecondMax = Infinity, within }: ByteBudgetOptions) {
    this.#heldBytesMax = heldBytesMax;
    this.#bytesPerSecondMax = bytesPerSecondMax;
    this.#within = within;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether `bytes` fit now; if not, `retry` is called once when they may. */
  allows(bytes: number, now: Instant, retry: (now: Instant) => void): boolean {
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#heldBytesMax) {
      this.#waiting.add(retry);
      return false;
    }
    if (this.#isAhead(now)) {
      this.#waiting.add(retry);
      this.#wakeAt = this.#dueAt!;
      return false;
    }
    return this.#within?.allows(bytes, now, retry) ?? true;
  }

  take(bytes: number, now: Instant): void {
    this.#usedBytes += bytes;
    if (this.#bytesPerSecondMax < Infinity) {
      const since = instant(Math.max(this.#dueAt ?? now, now - lateMsMax));
      this.#dueAt = after(since, (bytes * 1_000) / this.#bytesPerSecondMax);
    }
    this.#within?.take(bytes, now);
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#wasGiven = true;
    this.#within?.give(bytes);
  }

  nextTimeout(): Instant {
    return this.#wakeAt;
  }

  /** Tells those who wait that they may try again; called between calls, never from within one. */
  serve(now: Instant): void {
    if (!this.#wasGiven && now < this.#wakeAt) return;
    this.#wasGiven = false;
    this.#wakeAt = NEVER;
    const waiting = [...this.#waiting]; // who waits again comes after them
    for (const retry of waiting) {
      if (this.#isAhead(now)) {
        this.#wakeAt = this.#dueAt!; // the others come first the next time
        return;
      }
      this.#waiting.delete(retry);
      retry(now);
    }
  }

  /** The one who waited has gone. */
  forget(retry: (now: Instant) => void): void {
    this.#waiting.delete(retry);
    this.#within?.forget(retry);
  }

  /** What keeps this one waiting, if it waits. */
  holdsBack(retry: (now: Instant) => void): 'rate' | 'bytes' | undefined {
    if (!this.#waiting.has(retry)) return this.#within?.holdsBack(retry);
    return this.#wakeAt === NEVER ? 'bytes' : 'rate';
  }

  /** More was taken than the rate has brought by now. */
  #isAhead(now: Instant): boolean {
    return this.#dueAt !== undefined && now < this.#dueAt;
  }
}
