// Round trips counted in packets (draft-ietf-ccwg-bbr, "Tracking Packet-Timed Round Trips"), and what was lost and delivered in
// each of them. A round ends when a packet is acknowledged that was sent after the round began.

import type { LostPacket, RateSample } from './delivery-rate.ts';

export class BbrRounds {
  count = 0;
  /** True while the acknowledgement at hand begins a round. */
  start = false;
  /** Of the round that just ended: the share lost, 0 to 1, and how many stretches of packets that was. */
  lossRate = 0;
  lossRanges = 0;
  /** A loss has been noticed in this loss round. */
  lossy = false;
  /** Largest of this loss round: "bw_latest" and "inflight_latest". */
  latestBytesPerMs = 0;
  latestBytes = 0;
  #delivered = 0;
  #end = 0;
  #lossEnd = 0;
  #deliveredAtStart = 0;
  #lost = 0;
  #ranges = 0;
  #lastLost = -1;

  /** Packets sent from now on belong to a new round. */
  begin(): void {
    this.#end = this.#delivered;
  }

  onAck({ priorDeliveredBytes, totalDeliveredBytes, rateBytesPerMs, deliveredBytes }: RateSample): void {
    this.#delivered = totalDeliveredBytes;
    this.latestBytesPerMs = Math.max(this.latestBytesPerMs, rateBytesPerMs);
    this.latestBytes = Math.max(this.latestBytes, deliveredBytes);
    this.start = priorDeliveredBytes >= this.#end;
    if (!this.start) return;
    const carried = totalDeliveredBytes - this.#deliveredAtStart + this.#lost;
    this.lossRate = this.#lost / Math.max(1, carried);
    this.lossRanges = this.#ranges;
    this.#deliveredAtStart = totalDeliveredBytes;
    this.#lost = 0;
    this.#ranges = 0;
    this.count += 1;
    this.begin();
  }

  onLost({ packetNumber, bytes }: LostPacket): void {
    if (!this.lossy) this.#lossEnd = this.#delivered;
    this.lossy = true;
    this.#lost += bytes;
    if (packetNumber !== this.#lastLost + 1) this.#ranges += 1;
    this.#lastLost = packetNumber;
  }

  /** True when the round after a loss is over: then the model answers to it. */
  lossRoundEnds({ priorDeliveredBytes }: RateSample): boolean {
    if (priorDeliveredBytes < this.#lossEnd) return false;
    this.#lossEnd = this.#delivered;
    return true;
  }

  /** Behind the answer: the next loss round begins with this sample. */
  advance({ rateBytesPerMs, deliveredBytes }: RateSample): void {
    this.lossy = false;
    this.latestBytesPerMs = rateBytesPerMs;
    this.latestBytes = deliveredBytes;
  }

  /** "ResetCongestionSignals". */
  reset(): void {
    this.lossy = false;
    this.latestBytesPerMs = 0;
    this.latestBytes = 0;
  }
}
