// CUBIC (RFC 9438), in bytes, with HyStart++ (RFC 9406) for slow start.

import type { Instant } from '@shoal/machine';
import {
  type AckSample,
  type CongestionController,
  initialWindowBytes,
  type LossSample,
  minimumWindowBytes,
} from './controller.ts';
import { HyStart } from './hystart.ts';

const scale = 0.4; // C, section 5
const beta = 0.7;
const renoAlpha = (3 * (1 - beta)) / (1 + beta); // section 4.3

export class Cubic implements CongestionController {
  readonly name = 'cubic';
  readonly #datagramBytes: number;
  #windowBytes: number;
  #ssthresh = Number.POSITIVE_INFINITY;
  #hystart: HyStart | undefined = new HyStart();
  #recoveryStart: Instant | undefined;
  #wMax = 0;
  #epochStart: Instant | undefined;
  #kSeconds = 0;
  #wEstimate = 0;
  /** As it was before the window was cut. */
  #before: { readonly windowBytes: number; readonly ssthresh: number; readonly wMax: number } | undefined;

  constructor(datagramBytes: number) {
    this.#datagramBytes = datagramBytes;
    this.#windowBytes = initialWindowBytes(datagramBytes);
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get slowStart(): boolean {
    return this.#windowBytes < this.#ssthresh;
  }

  onAck(sample: AckSample): void {
    // Packets sent before the loss was noticed say nothing about the smaller window.
    if (this.#recoveryStart !== undefined && sample.newestSentAt <= this.#recoveryStart) return;
    if (!sample.windowLimited) {
      this.#epochStart = undefined; // an idle time must not count as growth (section 5.8)
      return;
    }
    if (this.slowStart) this.#slowStart(sample);
    else this.#avoidCongestion(sample);
  }

  onLoss({ now, newestSentAt, persistent }: LossSample): void {
    if (persistent) {
      this.#windowBytes = minimumWindowBytes(this.#datagramBytes);
      this.#recoveryStart = undefined;
      this.#epochStart = undefined;
      this.#before = undefined;
      return;
    }
    if (this.#recoveryStart !== undefined && newestSentAt <= this.#recoveryStart) return; // one cut a round trip
    this.#before = { windowBytes: this.#windowBytes, ssthresh: this.#ssthresh, wMax: this.#wMax };
    this.#recoveryStart = now;
    this.#epochStart = undefined;
    this.#hystart = undefined; // section 4.3 of RFC 9406: only the first slow start
    // Fast convergence (section 4.7): a flow that lost ground gives way faster.
    this.#wMax = this.#windowBytes < this.#wMax ? (this.#windowBytes * (1 + beta)) / 2 : this.#windowBytes;
    this.#windowBytes = Math.max(minimumWindowBytes(this.#datagramBytes), this.#windowBytes * beta);
    this.#ssthresh = this.#windowBytes;
  }

  /** Section 4.9: a cut for packets that were only late is taken back. */
  onSpurious(): void {
    if (this.#before === undefined || this.#windowBytes >= this.#before.windowBytes) return;
    this.#windowBytes = this.#before.windowBytes;
    this.#ssthresh = this.#before.ssthresh;
    this.#wMax = this.#before.wMax;
    this.#before = undefined;
    this.#epochStart = undefined;
  }

  #slowStart({ ackedBytes, latestRttMs, largestAcked, nextPacketNumber }: AckSample): void {
    this.#windowBytes += this.#hystart?.growth(ackedBytes) ?? ackedBytes;
    if (this.#hystart?.onAck(latestRttMs, largestAcked, nextPacketNumber) === true) this.#ssthresh = this.#windowBytes;
  }

  #avoidCongestion({ now, ackedBytes, srttMs }: AckSample): void {
    const mss = this.#datagramBytes;
    if (this.#epochStart === undefined) {
      this.#epochStart = now;
      this.#wEstimate = this.#windowBytes;
      if (this.#wMax < this.#windowBytes) this.#wMax = this.#windowBytes;
      this.#kSeconds = Math.cbrt((this.#wMax - this.#windowBytes) / mss / scale);
    }
    const elapsed = (now - this.#epochStart) / 1_000;
    const cubicAt = (seconds: number): number => scale * mss * (seconds - this.#kSeconds) ** 3 + this.#wMax;
    // Section 4.3: at least as fast as Reno would be; equal to Reno once past its old maximum.
    const alpha = this.#wEstimate < this.#wMax ? renoAlpha : 1;
    this.#wEstimate += alpha * mss * (ackedBytes / this.#windowBytes);
    if (cubicAt(elapsed) < this.#wEstimate) {
      this.#windowBytes = Math.max(this.#windowBytes, this.#wEstimate);
      return;
    }
    const ahead = cubicAt(elapsed + srttMs / 1_000);
    const target = Math.min(1.5 * this.#windowBytes, Math.max(this.#windowBytes, ahead)); // section 4.2
    this.#windowBytes += ((target - this.#windowBytes) * ackedBytes) / this.#windowBytes;
  }
}
