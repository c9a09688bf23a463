// Spreads a window over its round trip (RFC 9002 section 7.7): a bucket that fills at the pacing rate and holds a burst
// of two milliseconds. Finer pacing would leave nothing to batch; timers are no finer anyway. And where a turn of the event
// loop comes late, it gives what that time would have let go: else the link stands idle for as long, with nothing to make up for it.

import { after, type Instant, NEVER } from '@shoal/machine';

const burstMs = 2;
const lateMsMax = 20;
const burstDatagramsMin = 10;
const slowStartGain = 2; // so that pacing never holds a doubling window back
const avoidanceGain = 1.25;

export class Pacer {
  readonly #datagramBytes: number;
  readonly #burstBytesMax: number;
  #rateBytesPerMs = 0;
  #burstBytes: number;
  #tokens: number;
  #filledAt: Instant | undefined;
  /** Something waits for it to open, so time that passes meanwhile is not idle time. */
  waitedFor = false;

  /** `burstBytesMax` is what the remote's socket can hold. */
  constructor(datagramBytes: number, burstBytesMax: number) {
    this.#datagramBytes = datagramBytes;
    this.#burstBytesMax = Math.max(burstBytesMax, burstDatagramsMin * datagramBytes);
    this.#burstBytes = burstDatagramsMin * datagramBytes;
    this.#tokens = this.#burstBytes;
  }

  get rateBytesPerSecond(): number {
    return this.#rateBytesPerMs * 1_000;
  }

  /** Follows the window and the round-trip time. */
  update(windowBytes: number, srttMs: number, slowStart: boolean): void {
    this.setRate(((slowStart ? slowStartGain : avoidanceGain) * windowBytes) / Math.max(srttMs, 0.01));
  }

  /** For controllers that set the pace themselves. */
  setRate(bytesPerMs: number): void {
    this.#rateBytesPerMs = bytesPerMs;
    const burst = Math.max(this.#rateBytesPerMs * burstMs, burstDatagramsMin * this.#datagramBytes);
    this.#burstBytes = Math.min(burst, this.#burstBytesMax);
  }

  /** How many bytes may leave at `now`; below one datagram it says 0. */
  available(now: Instant): number {
    this.#fill(now);
    return this.#tokens >= this.#datagramBytes ? this.#tokens : 0;
  }

  spend(bytes: number): void {
    this.#tokens -= bytes;
  }

  /** When half a burst will be there. */
  nextAt(now: Instant): Instant {
    if (this.#rateBytesPerMs === 0) return NEVER;
    const missing = Math.max(this.#datagramBytes, this.#burstBytes / 2) - this.#tokens;
    return missing <= 0 ? now : after(now, missing / this.#rateBytesPerMs);
  }

  #fill(now: Instant): void {
    if (this.#filledAt !== undefined && this.#rateBytesPerMs > 0)
      this.#tokens += (now - this.#filledAt) * this.#rateBytesPerMs;
    this.#filledAt = now;
    const late = this.waitedFor ? Math.min(this.#rateBytesPerMs * lateMsMax, this.#burstBytesMax) : 0;
    this.#tokens = Math.min(this.#tokens, Math.max(this.#burstBytes, late));
  }
}
