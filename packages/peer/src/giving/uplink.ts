// How many answers to have under way at once, over all remotes: as many as keep our uplink busy, and hardly more, since a
// chunk can be passed on only when it is whole. By Little's law the bytes under way are the rate times the time from
// handing an answer over to its arrival; the time is that of an idle uplink, the least seen for each remote, or the queue
// that we make ourselves would call for a longer one. As BBR does with packets (draft-ietf-ccwg-bbr), the number doubles
// while the rate grows with it, and the rate is what arrived while an answer was under way.

import type { Remote } from '../remote.ts';

const overdueMsMax = 3_000;
const overdueMsMin = 500; // below it a pause of the remote's process would be taken for a slow path
const overdueTimes = 8;
const slotsMin = 2; // one on its way, one behind it
const slotsMax = 256;
const startGain = 2;
const gain = 1.25; // to find out whether more is possible
const growth = 1.25; // a rate that does not grow by so much in so many rounds is all there is
const flatRoundsMax = 3;
const rateKept = 0.98; // of the highest rate with every answer, so that it follows a rate that falls
const aheadMin = 1; // each more could have been made elsewhere, or for a rarer chunk: more only if the uplink ran dry
const aheadStep = 0.25;
const meanOver = 16;

export class Uplink {
  readonly #quickestMs = new WeakMap<Remote, number>();
  #quickestMeanMs = 0;
  #tookMeanMs = 0;
  #answerBytes = 0;
  #bytesPerMs = 0;
  #ahead = aheadMin;
  // Rounds: one has passed when an answer that was handed over after its beginning has arrived.
  #roundEndBytes = 0;
  #roundBytesPerMs = 0;
  #flatRounds = 0;
  /** Bytes of answers that have arrived so far; to be noted when an answer is handed over. */
  arrivedBytes = 0;

  /** Answers to have under way. */
  get slots(): number {
    return Math.min(slotsMax, Math.max(slotsMin, Math.ceil(this.#answersIn(this.#quickestMeanMs) * this.#gain)));
  }

  /** An answer under way so long no longer keeps others from a slot: its remote is slow, or gone. */
  get overdueMs(): number {
    if (this.#tookMeanMs === 0) return overdueMsMax;
    return Math.max(overdueMsMin, Math.min(overdueMsMax, overdueTimes * this.#tookMeanMs));
  }

  /** Requests to have at hand besides, waiting or to come. */
  get ahead(): number {
    return Math.floor(this.#ahead);
  }

  /**
   * An answer of `bytes` arrived at the remote `ms` after it was handed over; `arrivedBefore` is what had arrived then.
   * `full` when there were as many under way as allowed.
   */
  arrived(remote: Remote, bytes: number, ms: number, arrivedBefore: number, full: boolean): void {
    const tookMs = Math.max(ms, 0.01);
    this.arrivedBytes += bytes;
    this.#answerBytes = smoothed(this.#answerBytes, bytes);
    this.#tookMeanMs = smoothed(this.#tookMeanMs, tookMs);
    const quickestMs = Math.min(tookMs, this.#quickestMs.get(remote) ?? Number.POSITIVE_INFINITY);
    this.#quickestMs.set(remote, quickestMs);
    this.#quickestMeanMs = smoothed(this.#quickestMeanMs, quickestMs);
    // An uplink that was not asked for all it has shows less than it has.
    const kept = full ? this.#bytesPerMs * rateKept : this.#bytesPerMs;
    this.#bytesPerMs = Math.max(kept, (this.arrivedBytes - arrivedBefore) / tookMs);
    if (full && arrivedBefore >= this.#roundEndBytes) this.#endRound();
  }

  /** An answer has made room while so many others were under way, and so many requests waited for one. */
  madeRoom(underWay: number, waiting: number): void {
    if (waiting === 0 && underWay < this.slots - 1) this.#ahead = Math.min(slotsMax, this.#ahead + aheadStep);
    else if (waiting > 1) this.#ahead = Math.max(aheadMin, this.#ahead - aheadStep);
  }

  get #gain(): number {
    return this.#flatRounds < flatRoundsMax ? startGain : gain;
  }

  #answersIn(ms: number): number {
    return this.#answerBytes === 0 ? 0 : (this.#bytesPerMs * ms) / this.#answerBytes;
  }

  #endRound(): void {
    this.#roundEndBytes = this.arrivedBytes;
    if (this.#bytesPerMs < growth * this.#roundBytesPerMs) this.#flatRounds += 1;
    else {
      this.#flatRounds = 0;
      this.#roundBytesPerMs = this.#bytesPerMs;
    }
  }
}

const smoothed = (mean: number, value: number): number => (mean === 0 ? value : mean + (value - mean) / meanOver);
