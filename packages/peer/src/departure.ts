// Going without taking anything along: who wants to leave stays until everything it holds is with others who stay. These
// are whoever lacks something, since they stay for that; the owner; and of those who are done, and may want to leave as
// well, the ones with a larger identity, so that no two rely on each other. When nobody lacks anything, nobody is waited for.

import { after, Bitfield, type Instant, NEVER, type PeerId } from '@shoal/machine';
import type { Remote } from './remote.ts';

const stepMs = 100; // how often it is looked whether the others have it all

export interface DepartureOptions {
  readonly self: PeerId;
  /** An owner relies only on those who lack something: everybody relies on it. */
  readonly isOwner: boolean;
  readonly remotes: Iterable<Remote>;
  /** Undefined before the store is open. */
  readonly held: () => Bitfield | undefined;
  /** It may go. */
  readonly tell: () => void;
}

export class Departure {
  readonly #options: DepartureOptions;
  #at: Instant = NEVER;
  #latestAt: Instant = NEVER;

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  /** Wants to go: at once if nobody would miss what it has, else when that is so, in `withinMs` at the latest. */
  wish(withinMs: number, now: Instant): void {
    this.#latestAt = after(now, withinMs);
    this.#at = now;
  }

  nextTimeout(): Instant {
    return this.#at;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#at) return;
    const goes = now >= this.#latestAt || this.#isSpread();
    this.#at = goes ? NEVER : after(now, Math.min(stepMs, this.#latestAt - now));
    if (goes) this.#options.tell();
  }

  #isSpread(): boolean {
    const { self, isOwner, remotes } = this.#options;
    const held = this.#options.held();
    if (held === undefined) return true;
    const theirs = new Bitfield(held.length);
    let isMissed = false;
    for (const remote of remotes) {
      if (remote.isOffering && !isOwner) return true;
      isMissed ||= !remote.isComplete;
      if (remote.held !== undefined && (!remote.isComplete || (!isOwner && remote.peer > self)))
        theirs.addAll(remote.held);
    }
    return !isMissed || theirs.hasAll(held);
  }
}
