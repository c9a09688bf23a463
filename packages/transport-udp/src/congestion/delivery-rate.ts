// Delivery rate sampling (draft-ietf-ccwg-bbr, "Delivery Rate Samples"): how fast acknowledged packets really got
// through, taken over the longer of the times that sending and acknowledging them took, and whether it was the
// application that held the sender back. Only connections whose controller wants samples carry one of these.

import type { Instant } from '@shoal/machine';
import { PacketRing } from '../recovery/packet-ring.ts';

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

// The fields of a row: what was known when the packet was sent.
const [deliveredField, deliveredAtField, firstSentAtField, inFlightField, lostField, limitedField] = [
  0, 1, 2, 3, 4, 5,
] as const;
const fields = 6;

export class DeliveryRate {
  readonly #ring = new PacketRing(fields);
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
    const ring = this.#ring;
    ring.reserve(n, lowest);
    if (inFlightBytes <= bytes) this.#lastDeliveredAt = this.#lastFirstSentAt = now;
    ring.set(n, deliveredField, this.#totalDelivered);
    ring.set(n, deliveredAtField, this.#lastDeliveredAt);
    ring.set(n, firstSentAtField, this.#lastFirstSentAt);
    ring.set(n, inFlightField, inFlightBytes);
    ring.set(n, lostField, this.#totalLost);
    ring.set(n, limitedField, this.#limitedUntil > 0 ? 1 : 0);
  }

  acknowledged(n: number, bytes: number, sentAt: Instant): void {
    this.#totalDelivered += bytes;
    if (n < this.#newest) return;
    this.#newest = n;
    this.#newestSentAt = sentAt;
  }

  lost(n: number, bytes: number): LostPacket {
    const ring = this.#ring;
    this.#totalLost += bytes;
    return {
      packetNumber: n,
      bytes,
      sentInFlightBytes: ring.get(n, inFlightField),
      lostBytes: this.#totalLost - ring.get(n, lostField),
      appLimited: ring.get(n, limitedField) === 1,
    };
  }

  /** The application has nothing more to send, though the window would let it. */
  limitedByApplication(inFlightBytes: number): void {
    this.#limitedUntil = Math.max(1, this.#totalDelivered + inFlightBytes);
  }

  /** The sample of the packets acknowledged since the last one; undefined when there were none. */
  sample(now: Instant, minRttMs: number): RateSample | undefined {
    if (this.#newest < 0) return undefined;
    const [ring, newest] = [this.#ring, this.#newest];
    if (this.#totalDelivered > this.#limitedUntil) this.#limitedUntil = 0;
    const deliveredBytes = this.#totalDelivered - ring.get(newest, deliveredField);
    const intervalMs = Math.max(
      this.#newestSentAt - ring.get(newest, firstSentAtField),
      now - ring.get(newest, deliveredAtField),
    );
    this.#lastDeliveredAt = now;
    this.#lastFirstSentAt = this.#newestSentAt;
    this.#newest = -1;
    return {
      // An interval below the least round trip comes from compressed acknowledgements.
      rateBytesPerMs: intervalMs > 0 && intervalMs >= minRttMs ? deliveredBytes / intervalMs : 0,
      deliveredBytes,
      priorDeliveredBytes: ring.get(newest, deliveredField),
      totalDeliveredBytes: this.#totalDelivered,
      sentInFlightBytes: ring.get(newest, inFlightField),
      lostBytes: this.#totalLost - ring.get(newest, lostField),
      appLimited: ring.get(newest, limitedField) === 1,
      rttMs: Math.max(0, now - this.#newestSentAt),
    };
  }
}
