// How many answers to have under way at once, over all remotes: as many as keep our uplink busy, and hardly more, since a
// chunk can be passed on only when it is whole. By Little's law the bytes under way are the rate times the mean time
// from handing an answer over to its arrival; the time is that of an idle uplink, the least seen for each remote, or
// the queue that we make ourselves would call for a longer one.

import type { Instant } from '@shoal/machine';
import { RateMeter } from '../rate-meter.ts';
import type { Remote } from '../remote.ts';

const slotsMin = 4; // before rates are known, and so that more than one remote is served at a time
const slotsMax = 256;
const headroom = 1.5; // to find out whether more is possible
const rateWindowMs = 1_000;
const meanOver = 16; // answers

export class Uplink {
  readonly #rate = new RateMeter(rateWindowMs);
  readonly #quickestMs = new WeakMap<Remote, number>();
  #meanMs = 0;
  #chunkBytes = 1;

  /** An answer of `bytes` arrived at the remote `ms` after it was handed over. */
  arrived(remote: Remote, bytes: number, ms: number, now: Instant): void {
    this.#rate.add(bytes, now);
    this.#chunkBytes = Math.max(1, bytes);
    const quickestMs = Math.min(ms, this.#quickestMs.get(remote) ?? Number.POSITIVE_INFINITY);
    this.#quickestMs.set(remote, quickestMs);
    this.#meanMs += (quickestMs - this.#meanMs) / (this.#meanMs === 0 ? 1 : meanOver);
  }

  slots(now: Instant): number {
    const underWay = (this.#rate.bytesPerSecond(now) * this.#meanMs) / 1_000 / this.#chunkBytes;
    return Math.min(slotsMax, Math.max(slotsMin, Math.ceil(headroom * underWay) + 2));
  }
}
