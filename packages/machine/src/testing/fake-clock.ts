// A clock that stands still until a test moves it.

import type { Clock } from '../driver.ts';
import { after, type Instant, instant } from '../time.ts';
import { Timers } from '../timers.ts';

/** Starts at 0. `advance` rings every alarm that falls due on the way, in order. */
export class FakeClock implements Clock {
  #now = instant(0);
  readonly #alarms = new Timers<() => void>();

  now(): Instant {
    return this.#now;
  }

  alarm(at: Instant, ring: () => void): () => void {
    const key = (): void => ring(); // a key of its own, though the same function may be set twice
    this.#alarms.set(key, at);
    return () => this.#alarms.clear(key);
  }

  advance(ms: number): void {
    const end = after(this.#now, ms);
    for (let at = this.#alarms.next(); at <= end; at = this.#alarms.next()) {
      this.#now = instant(Math.max(this.#now, at));
      this.#alarms.pop(this.#now)?.();
    }
    this.#now = end;
  }
}
