// How many requests to keep in flight to one remote, and how long to wait for it. The depth follows the bandwidth-delay
// product: what the remote delivers per second times the time one round takes, with half as much again so that it can
// find out that more is possible. Patience follows the remote's own answer times, as a retransmission timeout does
// (RFC 6298, section 2): a slow remote is not a silent one.

import type { Instant } from '@shoal/machine';
import { RateMeter } from '../rate-meter.ts';

export const depthMin = 2; // one on its way while one is being read at the other end
const depthMax = 256; // bounds what one remote can make us wait for; 256 chunks of 100 KiB are 25 MiB in flight
const headroom = 1.5;
const rateWindowMs = 1_000;
const patienceMsMin = 2_000; // below it a pause of the remote's process would be taken for silence
const patienceMsMax = 30_000;
const patienceMsFirst = 10_000; // before the first answer nothing is known of its queue

export class Pipeline {
  /** Requests without an answer. */
  inFlight = 0;
  /** No answer in its time; cleared by the next one. */
  snubbed = false;
  readonly #rate = new RateMeter(rateWindowMs);
  #srttMs = 0;
  #answerMs: number | undefined;
  #answerVarMs = 0;
  #quickestMs = Number.POSITIVE_INFINITY;
  #chunkBytes = 0;

  /** Whether one more request may be sent. */
  hasRoom(now: Instant): boolean {
    return this.inFlight < this.depth(now);
  }

  depth(now: Instant): number {
    if (this.snubbed) return 1;
    if (this.#answerMs === undefined || this.#chunkBytes === 0) return depthMin;
    const roundMs = Math.max(this.#srttMs, this.#quickestMs);
    const onTheWay = (this.#rate.bytesPerSecond(now) * roundMs) / 1_000 / this.#chunkBytes;
    return Math.min(depthMax, Math.ceil(headroom * onTheWay) + depthMin);
  }

  asked(now: Instant): void {
    // The rate counts only time in which something was wanted of the remote.
    if (this.inFlight === 0 && this.#rate.bytesPerSecond(now) === 0) this.#rate.start(now);
    this.inFlight += 1;
  }

  answered(bytes: number, askedAt: Instant, srttMs: number, now: Instant): void {
    this.inFlight -= 1;
    this.snubbed = false;
    this.#rate.add(bytes, now);
    this.#srttMs = srttMs;
    this.#chunkBytes = Math.max(1, bytes);
    const ms = now - askedAt;
    // The least ever: a recent one would have our own queue at the remote in it. Longer paths show in the link's srtt.
    this.#quickestMs = Math.min(ms, this.#quickestMs);
    if (this.#answerMs === undefined) {
      this.#answerMs = ms;
      this.#answerVarMs = ms / 2;
      return;
    }
    this.#answerVarMs += (Math.abs(ms - this.#answerMs) - this.#answerVarMs) / 4;
    this.#answerMs += (ms - this.#answerMs) / 8;
  }

  /** A request came to nothing, or was taken back. */
  ended(): void {
    this.inFlight -= 1;
  }

  bytesPerSecond(now: Instant): number {
    return this.#rate.bytesPerSecond(now);
  }

  /** How long an answer usually takes from the request; undefined before the first. */
  get usualMs(): number | undefined {
    return this.#answerMs;
  }

  /** Silence longer than this, with requests in flight, makes the remote snubbed. */
  get patienceMs(): number {
    if (this.#answerMs === undefined) return patienceMsFirst;
    return Math.min(patienceMsMax, Math.max(patienceMsMin, 2 * this.#answerMs + 4 * this.#answerVarMs));
  }
}
