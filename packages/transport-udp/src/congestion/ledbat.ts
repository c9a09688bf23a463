// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus): for transfers that must not be felt. It aims at 60 ms of queueing delay at
// most, gives way to whatever fills the queue beyond that, and steps back now and then to see the path's own delay.

import { after, type Instant, msBetween } from '@shoal/machine';
import {
  type AckSample,
  type CongestionController,
  initialWindowBytes,
  type LossSample,
  minimumWindowBytes,
} from './controller.ts';

const targetMsMax = 60;
/** A queue that overflows below the target would make this a loss-based flow like any other: then it aims lower. */
const targetMsMin = 2;
const targetShare = 0.15; // of the delay at which the queue overflowed
/** With less delay than this a loss is taken for damage, not for congestion; unless everything is lost. */
const queueMsMin = 1;
const slowStartShare = 0.75; // of the target: there initial slow start ends
const gainDivisorMax = 16;
const decreaseConstant = 1;
const rttSamples = 4; // the newest
const baseMinutes = 10;
const minuteMs = 60_000;
const slowdownDivisor = 9; // at most a tenth of the time goes into looking at the path

type Phase = 'slowStart' | 'steady' | 'settling' | 'frozen' | 'rampUp';

export class Ledbat implements CongestionController {
  readonly name = 'ledbat++';
  readonly #datagramBytes: number;
  #windowBytes: number;
  #ssthresh = Number.POSITIVE_INFINITY;
  #phase: Phase = 'slowStart';
  /** Least round-trip time of each of the last minutes, the newest first. */
  readonly #bases: number[] = [];
  #minuteEnd: Instant | undefined;
  readonly #recent: number[] = [];
  /** Least round-trip time among the packets of the last round, and of this one so far: bursts queue behind themselves. */
  #lastRoundRttMs = Number.POSITIVE_INFINITY;
  #roundRttMs = Number.POSITIVE_INFINITY;
  #roundEnd = 0;
  #cutAt: Instant | undefined;
  #slowdownStart: Instant | undefined;
  #phaseEnd: Instant | undefined;
  #before: number | undefined;
  #targetMs = targetMsMax;

  constructor(datagramBytes: number) {
    this.#datagramBytes = datagramBytes;
    this.#windowBytes = Math.min(initialWindowBytes(datagramBytes), minimumWindowBytes(datagramBytes)); // section 4.4
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get slowStart(): boolean {
    return this.#phase === 'slowStart'; // while it returns, pacing by twice the window would make a queue
  }

  onAck(sample: AckSample): void {
    this.#measure(sample);
    if (this.#slowdown(sample) || !sample.windowLimited) return;
    const base = Math.max(1, Math.min(...this.#bases));
    const gain = 1 / Math.min(gainDivisorMax, Math.ceil((2 * targetMsMax) / base));
    if (this.#growing) this.#grow(gain, sample);
    else this.#adjust(gain, this.#queueMs, sample);
    this.#windowBytes = Math.max(this.#windowBytes, minimumWindowBytes(this.#datagramBytes));
  }

  onLoss({ now, newestSentAt, persistent }: LossSample): void {
    if (!persistent && this.#cutAt !== undefined && newestSentAt <= this.#cutAt) return; // one cut a round trip
    const queueMs = this.#bases.length === 0 ? 0 : this.#queueMs;
    if (!persistent && queueMs < queueMsMin) return;
    this.#targetMs = Math.min(this.#targetMs, Math.max(targetMsMin, targetShare * queueMs));
    this.#cutAt = now;
    this.#before = persistent ? undefined : this.#windowBytes;
    this.#windowBytes = Math.max(minimumWindowBytes(this.#datagramBytes), persistent ? 0 : this.#windowBytes / 2);
    this.#ssthresh = this.#windowBytes;
    if (this.#growing) this.#endSlowStart(now, 0);
  }

  onSpurious(): void {
    if (this.#before === undefined) return;
    this.#windowBytes = Math.max(this.#windowBytes, this.#before);
    this.#ssthresh = Math.max(this.#ssthresh, this.#before);
    this.#before = undefined;
  }

  get #growing(): boolean {
    return this.#phase === 'slowStart' || this.#phase === 'rampUp';
  }

  /** What the newest round trips say. */
  get #newestQueueMs(): number {
    return Math.max(0, Math.min(...this.#recent) - Math.min(...this.#bases));
  }

  /** The least of the last round, too: an event loop that comes late makes some round trips long, but not all. */
  get #queueMs(): number {
    return Math.max(0, Math.min(this.#lastRoundRttMs, this.#roundRttMs, ...this.#recent) - Math.min(...this.#bases));
  }

  #measure({ now, latestRttMs, largestAcked, nextPacketNumber }: AckSample): void {
    this.#minuteEnd ??= after(now, minuteMs);
    if (this.#bases.length === 0 || now >= this.#minuteEnd) {
      this.#bases.unshift(latestRttMs);
      this.#bases.length = Math.min(this.#bases.length, baseMinutes);
      this.#minuteEnd = after(now, minuteMs);
    } else this.#bases[0] = Math.min(this.#bases[0]!, latestRttMs);
    this.#recent.push(latestRttMs);
    if (this.#recent.length > rttSamples) this.#recent.shift();
    if (largestAcked >= this.#roundEnd) {
      this.#roundEnd = nextPacketNumber;
      this.#lastRoundRttMs = this.#roundRttMs;
      this.#roundRttMs = latestRttMs;
    } else this.#roundRttMs = Math.min(this.#roundRttMs, latestRttMs);
  }

  /**
   * Section 4.4: slow start by the dynamic gain, until the queue shows. Up to the window before a slowdown faster, and
   * whatever shows: so fast a growth makes a queue of its own, at half of what the path holds.
   */
  #grow(gain: number, { now, ackedBytes, srttMs }: AckSample): void {
    const returning = this.#phase === 'rampUp' && this.#windowBytes < this.#ssthresh;
    this.#windowBytes += (returning ? Math.max(gain, 0.5) : gain) * ackedBytes;
    if (returning || this.#newestQueueMs < slowStartShare * this.#targetMs) return;
    this.#endSlowStart(now, srttMs);
  }

  /** Sections 4.2 and 4.3: additive increase below the target, multiplicative decrease above it. */
  #adjust(gain: number, queueMs: number, { ackedBytes }: AckSample): void {
    const share = ackedBytes / this.#windowBytes; // of a round trip
    const mss = this.#datagramBytes;
    if (queueMs <= this.#targetMs) this.#windowBytes += gain * mss * share;
    else {
      const change = gain * mss - decreaseConstant * this.#windowBytes * (queueMs / this.#targetMs - 1);
      this.#windowBytes += Math.max(change, -this.#windowBytes / 2) * share;
    }
  }

  #endSlowStart(now: Instant, srttMs: number): void {
    const initial = this.#slowdownStart === undefined;
    this.#phase = 'steady';
    // Section 4.5: the first slowdown follows two round trips after the first slow start, later ones by what the last took.
    const took = initial ? 0 : msBetween(this.#slowdownStart!, now);
    this.#phaseEnd = after(now, initial ? 2 * srttMs : slowdownDivisor * took);
  }

  /** Section 4.5. True while the window stays at its least. */
  #slowdown({ now, srttMs }: AckSample): boolean {
    const due = this.#phaseEnd !== undefined && now >= this.#phaseEnd;
    if (this.#phase === 'steady' && due) {
      this.#slowdownStart = now;
      this.#ssthresh = this.#windowBytes;
      this.#windowBytes = minimumWindowBytes(this.#datagramBytes);
      this.#phase = 'settling'; // what is in flight has to drain first
      this.#phaseEnd = after(now, srttMs);
      return true;
    }
    if (this.#phase === 'settling' && due) {
      this.#phase = 'frozen';
      this.#phaseEnd = after(now, 2 * srttMs);
    } else if (this.#phase === 'frozen' && due) this.#phase = 'rampUp';
    return this.#phase === 'settling' || this.#phase === 'frozen';
  }
}
