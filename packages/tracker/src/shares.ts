// What one remote may have of a tracker, so that nobody crowds out the others: so many links at a time, and requests at a
// rate. A remote is a key, or a host: the same rules for both.

import type { Instant } from '@shoal/machine';

export interface ShareLimits {
  /** Links of one remote at a time. */
  readonly links: number;
  /** Requests of one remote; a burst of ten seconds' worth is let through. */
  readonly requestsPerSecond: number;
}

const burstSeconds = 10;

/** What one remote has. */
export interface Share {
  readonly remote: string;
  links: number;
  /** Requests that it may make at once, at `since`. */
  credit: number;
  since: Instant;
}

/** Remembers remotes only while they have a link. */
export class Shares {
  readonly #limits: ShareLimits;
  readonly #byRemote = new Map<string, Share>();

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byRemote.size;
  }

  /** One link more of a remote; undefined when it has as many as it may have. */
  open(remote: string, now: Instant): Share | undefined {
    const { links, requestsPerSecond } = this.#limits;
    const known = this.#byRemote.get(remote);
    const share = known ?? { remote, links: 0, credit: requestsPerSecond * burstSeconds, since: now };
    if (share.links >= links) return undefined;
    share.links += 1;
    this.#byRemote.set(remote, share);
    return share;
  }

  close(share: Share): void {
    share.links -= 1;
    if (share.links === 0) this.#byRemote.delete(share.remote);
  }

  /** Whether the remote may make one more request now. */
  ask(share: Share, now: Instant): boolean {
    const { requestsPerSecond } = this.#limits;
    const earned = ((now - share.since) / 1_000) * requestsPerSecond;
    share.credit = Math.min(requestsPerSecond * burstSeconds, share.credit + earned);
    share.since = now;
    if (share.credit < 1) return false;
    share.credit -= 1;
    return true;
  }
}
