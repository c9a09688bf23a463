// Looks now and then whether a swarm can go on, and says why not when the reason changes: nothing is as hard to help as
// a transfer that stands still without a word.

import { after, type Instant, NEVER } from '@shoal/machine';
import type { WaitReason } from './events.ts';

const stepMs = 1_000;

export class WaitWatch {
  readonly #look: () => WaitReason | undefined;
  readonly #tell: (reason: WaitReason) => void;
  #at: Instant;
  #told: WaitReason | undefined;

  constructor(look: () => WaitReason | undefined, tell: (reason: WaitReason) => void, now: Instant) {
    this.#look = look;
    this.#tell = tell;
    this.#at = after(now, stepMs);
  }

  /** There is nothing to wait for any more. */
  stop(): void {
    this.#at = NEVER;
  }

  nextTimeout(): Instant {
    return this.#at;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#at) return;
    this.#at = after(now, stepMs);
    const reason = this.#look();
    if (reason !== undefined && reason !== this.#told) this.#tell(reason);
    this.#told = reason;
  }
}
