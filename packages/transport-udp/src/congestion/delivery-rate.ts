// Delivery rate sampling (draft-ietf-ccwg-bbr, "Delivery Rate Samples"): how fast acknowledged packets really got
// through, taken over the longer of the times that sending and acknowledging them took, and whether it was the
// application that held the sender back. Only connections whose controller wants samples carry one of these.

import type { Instant } from '@shoal/machine';

/** What one acknowledgement tells about the path. Sizes in bytes, times in ms, rates in bytes/ms. */
export interface RateSample {
  /** 0 where the interval was too short to mean anything. */
  readonly rateBytesPerMs: number;
  /** Delivered over the interval sampled. */
  readonly deliveredBytes: number;
  /** Delivered in all when the newest of the acknowledged packets was sent. */
  readonly priorDeliveredBytes: number;
  /** Delivered in all by now. */
  readonly totalDeliveredBytes: number;
  /** In flight just after that packet was sent. */
  readonly sentInFlightBytes: number;
  /** Lost since that packet was sent. */
  readonly lostBytes: number;
  readonly appLimited: boolean;
  /** Of the newest packet acknowledged. */
  readonly rttMs: number;
}

/** A packet declared lost. Sizes in bytes. */
export interface LostPacket {
  readonly packetNumber: number;
  readonly bytes: number;
  readonly sentInFlightBytes: number;
  /** Lost since it was sent, itself included. */
  readonly lostBytes: number;
  readonly appLimited: boolean;
}

const firstSize = 64; // a power of two

export class DeliveryRate {
  #mask = firstSize - 1;
  #delivered = new Float64Array(firstSize);
  #deliveredAt = new Float64Array(firstSize);
  #firstSentAt = new Float64Array(firstSize);
  #inFlight = new Float64Array(firstSize);
  #lost = new Float64Array(firstSize);
  #limited = new Uint8Array(firstSize);
  #totalDelivered = 0;
  #totalLost = 0;
  #lastDeliveredAt = 0;
  #lastFirstSentAt = 0;
  /** Until so much is delivered, samples are held down by the application; 0 for none. */
  #limitedUntil = 0;
  #newest = -1;
  #newestSentAt = 0;

  /** Notes packet `n`; `inFlightBytes` counts it, and no packet below `lowest` is in flight. */
  sent(n: number, lowest: number, bytes: number, inFlightBytes: number, now: Instant): void {
    if (n - lowest > this.#mask) this.#grow(n, lowest);
    if (inFlightBytes <= bytes) this.#lastDeliveredAt = this.#lastFirstSentAt = now;
    const slot = n & this.#mask;
    this.#delivered[slot] = this.#totalDelivered;
    this.#deliveredAt[slot] = this.#lastDeliveredAt;
    this.#firstSentAt[slot] = this.#lastFirstSentAt;
    this.#inFlight[slot] = inFlightBytes;
    this.#lost[slot] = this.#totalLost;
    this.#limited[slot] = this.#limitedUntil > 0 ? 1 : 0;
  }

  acknowledged(n: number, bytes: number, sentAt: Instant): void {
    this.#totalDelivered += bytes;
    if (n < this.#newest) return;
    this.#newest = n;
    this.#newestSentAt = sentAt;
  }

  lost(n: number, bytes: number): LostPacket {
    const slot = n & this.#mask;
    this.#totalLost += bytes;
    return {
      packetNumber: n,
      bytes,
      sentInFlightBytes: this.#inFlight[slot]!,
      lostBytes: this.#totalLost - this.#lost[slot]!,
      appLimited: this.#limited[slot] === 1,
    };
  }

  /** The application has nothing more to send, though the window would let it. */
  limitedByApplication(inFlightBytes: number): void {
    this.#limitedUntil = Math.max(1, this.#totalDelivered + inFlightBytes);
  }

  /** The sample of the packets acknowledged since the last one; undefined when there were none. */
  sample(now: Instant, minRttMs: number): RateSample | undefined {
    if (this.#newest < 0) return undefined;
    const slot = this.#newest & this.#mask;
    if (this.#totalDelivered > this.#limitedUntil) this.#limitedUntil = 0;
    const deliveredBytes = this.#totalDelivered - this.#delivered[slot]!;
    const intervalMs = Math.max(this.#newestSentAt - this.#firstSentAt[slot]!, now - this.#deliveredAt[slot]!);
    this.#lastDeliveredAt = now;
    this.#lastFirstSentAt = this.#newestSentAt;
    this.#newest = -1;
    return {
      // An interval below the least round trip comes from compressed acknowledgements.
      rateBytesPerMs: intervalMs > 0 && intervalMs >= minRttMs ? deliveredBytes / intervalMs : 0,
      deliveredBytes,
      priorDeliveredBytes: this.#delivered[slot]!,
      totalDeliveredBytes: this.#totalDelivered,
      sentInFlightBytes: this.#inFlight[slot]!,
      lostBytes: this.#totalLost - this.#lost[slot]!,
      appLimited: this.#limited[slot] === 1,
      rttMs: Math.max(0, now - this.#newestSentAt),
    };
  }

  #grow(n: number, lowest: number): void {
    const oldMask = this.#mask;
    let size = oldMask + 1;
    while (n - lowest >= size) size *= 2;
    const moved = <T extends Float64Array | Uint8Array>(from: T, to: T): T => {
      for (let i = Math.max(lowest, n - oldMask - 1); i < n; i += 1) to[i & (size - 1)] = from[i & oldMask]!;
      return to;
    };
    this.#delivered = moved(this.#delivered, new Float64Array(size));
    this.#deliveredAt = moved(this.#deliveredAt, new Float64Array(size));
    this.#firstSentAt = moved(this.#firstSentAt, new Float64Array(size));
    this.#inFlight = moved(this.#inFlight, new Float64Array(size));
    this.#lost = moved(this.#lost, new Float64Array(size));
    this.#limited = moved(this.#limited, new Uint8Array(size));
    this.#mask = size - 1;
  }
}
