// Looks now and then whether a swarm can go on, and says why not when the reason changes: nothing is as hard to help as
// a transfer that stands still without a word.

import { after, type Instant, NEVER } from '@shoal/machine';
import type { WaitReason } from './events.ts';
import type { Holdup } from './time-shares.ts';

const stepMs = 1_000;

export class WaitWatch {
  readonly #look: () => Holdup | 'answers';
  readonly #tell: (reason: WaitReason) => void;
  #at: Instant;
  #told: WaitReason | undefined;

  /** `look` says what holds the swarm up. */
  constructor(look: () => Holdup | 'answers', tell: (reason: WaitReason) => void, now: Instant) {
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
    const holdup = this.#look();
    const reason = isWaitReason(holdup) ? holdup : undefined;
    if (reason !== undefined && reason !== this.#told) this.#tell(reason);
    this.#told = reason;
  }
}

const isWaitReason = (holdup: Holdup | 'answers'): holdup is WaitReason =>
  holdup === 'noPeers' || holdup === 'noManifest' || holdup === 'noSource';
