// BBR version 3 (draft-ietf-ccwg-bbr-06): sends at the rate the path was seen to deliver, with a little more than that
// rate times the least round-trip time in flight, and probes now and then whether either has changed. Names of states and
// gains are the draft's. Two things differ: what counts as congestion (queue-signs.ts), and the random parts of the probing
// interval are taken from the bytes delivered, so that a run repeats.

import { after, type Instant, NEVER } from '@shoal/machine';
import { BbrBounds } from './bbr-bounds.ts';
import { Aggregation, CycleMax, FullPipe, MinRtt } from './bbr-filters.ts';
import { BbrRounds } from './bbr-rounds.ts';
import {
  type AckSample,
  type CongestionController,
  initialWindowBytes,
  type LossSample,
  minimumWindowBytes,
} from './controller.ts';
import type { LostPacket, RateSample } from './delivery-rate.ts';
import { QueueSigns } from './queue-signs.ts';

type State = 'startup' | 'drain' | 'down' | 'cruise' | 'refill' | 'up' | 'probeRtt';
type AckPhase = 'none' | 'refilling' | 'probeStarting' | 'probeFeedback' | 'probeStopping';

const pacingGains: Record<State, number> = {
  startup: 2.77,
  drain: 0.5,
  down: 0.9,
  cruise: 1,
  refill: 1,
  up: 1.25,
  probeRtt: 1,
};
const cwndGain = 2;
const cwndGainUp = 2.25;
const cwndGainProbeRtt = 0.5;
const pacingMargin = 0.99; // so that a queue never stands for long
const lossThreshold = 0.02;
const startupLossRangesMin = 6;
const drainRoundsMax = 3;
const probeRttMs = 200;
const probeWaitMs = 2_000; // up to a second longer
const renoRoundsMax = 63;
const pipeDatagramsMin = 4;
const quantumMs = 2; // what the pacer lets go at once
const quantumBytesMax = 65_536;
const quanta = 3; // one leaving, one on its way, one being acknowledged

export class Bbr implements CongestionController {
  readonly name = 'bbr';
  readonly samplesDelivery = true;
  readonly #datagramBytes: number;
  readonly #bounds: BbrBounds;
  readonly #signs = new QueueSigns();
  readonly #maxRate = new CycleMax();
  readonly #aggregation = new Aggregation();
  readonly #rounds = new BbrRounds();
  readonly #minRtt = new MinRtt();
  readonly #pipe = new FullPipe();
  #state: State = 'startup';
  #ackPhase: AckPhase = 'none';
  #windowBytes: number;
  #priorWindowBytes = 0;
  #rateBytesPerMs = 0;
  #pacingBytesPerMs = 0;
  #delivered = 0;
  #inFlight = 0;
  #windowLimited = false;
  #congested = false;
  #drainRound = 0;
  /** "rounds_since_probe_up", as the round that would be its zeroth. */
  #upRound = 0;
  // Probing
  #cycleStart: Instant = NEVER;
  #probeWaitMs = 0;
  #probeSample = false;
  #tooHighBefore = false;
  #leavingUp = false;
  #precautionaryBefore = false;
  #undoState: 'startup' | 'up' | undefined;
  #probeRttEnd: Instant | undefined;
  #probeRttRoundDone = false;
  #probeRttWindowBytes: number;
  #restarting = false;

  constructor(datagramBytes: number) {
    this.#datagramBytes = datagramBytes;
    this.#bounds = new BbrBounds(datagramBytes);
    this.#windowBytes = initialWindowBytes(datagramBytes);
    this.#probeRttWindowBytes = this.#windowBytes;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get slowStart(): boolean {
    return this.#state === 'startup';
  }

  get pacingRateBytesPerSecond(): number | undefined {
    return this.#pacingBytesPerMs === 0 ? undefined : this.#pacingBytesPerMs * 1_000;
  }

  // "Per-ACK Steps"

  onAck({ now, ackedBytes, delivery, bytesInFlight = 0 }: AckSample): void {
    if (delivery === undefined) return;
    this.#delivered = delivery.totalDeliveredBytes;
    this.#inFlight = bytesInFlight;
    this.#windowLimited = bytesInFlight + ackedBytes > this.#windowBytes - this.#datagramBytes;
    this.#cycleStart = this.#cycleStart === NEVER ? now : this.#cycleStart;
    this.#countRound(delivery);
    this.#congested = this.#signs.congested(this.#minRtt.valueMs);
    this.#learnRate(delivery);
    const [rate, rounds] = [this.#rateBytesPerMs, this.#pipe.reached ? undefined : 1];
    this.#aggregation.add(ackedBytes, rate, this.#windowBytes, this.#rounds.count, now, rounds);
    const queued = this.#congested || this.#pipe.reached; // later on, probing by a quarter is too little to show one
    if (this.#rounds.start && !delivery.appLimited) this.#pipe.onRound(delivery.rateBytesPerMs, queued);
    if (this.#state === 'startup' && this.#pipe.reached) {
      this.#state = 'drain';
      this.#drainRound = this.#rounds.count;
    }
    if (this.#state === 'drain' && this.#drained()) this.#startDown(now);
    this.#cycle(delivery, ackedBytes, now);
    this.#learnMinRtt(delivery.rttMs, now);
    this.#restarting = false;
    this.#rateBytesPerMs = Math.min(this.#maxRate.value, this.#bounds.shortTermBytesPerMs);
    this.#setPacing();
    this.#setWindow(ackedBytes);
  }

  // "Per-Loss Steps"

  onPacketLost(packet: LostPacket): void {
    if (!this.#rounds.lossy) {
      this.#undoState = undefined;
      this.#saveWindow();
      this.#bounds.save();
    }
    this.#rounds.onLost(packet);
    if (!this.#probeSample || !this.#tooManyLost(packet)) return;
    // "At what prefix of packet P did losses exceed BBR.LossThresh?"
    const inFlightBefore = packet.sentInFlightBytes - packet.bytes;
    const lostBefore = packet.lostBytes - packet.bytes;
    const prefix = (lossThreshold * inFlightBefore - lostBefore) / (1 - lossThreshold);
    this.#tooHigh(inFlightBefore + prefix, packet.appLimited);
    this.#leavingUp = this.#state === 'up';
  }

  onLoss({ now, persistent }: LossSample): void {
    if (this.#leavingUp) {
      this.#leavingUp = false;
      this.#undoState = 'up';
      this.#startDown(now);
    }
    if (!persistent) return;
    this.#saveWindow();
    this.#windowBytes = minimumWindowBytes(this.#datagramBytes);
  }

  // "Handling a Spurious Loss Recovery"

  onSpurious(): void {
    this.#windowBytes = Math.max(this.#windowBytes, this.#priorWindowBytes);
    this.#rounds.lossy = false;
    this.#pipe.reset();
    this.#bounds.undo();
    const [undo, state] = [this.#undoState, this.#state];
    this.#undoState = undefined;
    if (state === 'probeRtt') return;
    if (undo === 'startup' && state !== 'startup') {
      this.#pipe.reached = false;
      this.#state = 'startup';
    } else if (undo === 'up' && state !== 'up') this.#startRefill();
  }

  // "Restarting From Idle"

  onRestart(now: Instant): void {
    this.#restarting = true;
    this.#aggregation.restart(now);
    if (this.#state === 'probeRtt') this.#endProbeRtt(now);
    else if (this.#probing) this.#pacingBytesPerMs = this.#rateBytesPerMs;
  }

  // The model

  get #probing(): boolean {
    return this.#state === 'down' || this.#state === 'cruise' || this.#state === 'refill' || this.#state === 'up';
  }

  #countRound(sample: RateSample): void {
    const rounds = this.#rounds;
    rounds.onAck(sample);
    this.#signs.onAck(sample.rttMs);
    if (!rounds.start) return;
    this.#signs.onRound(rounds.lossRate);
    this.#signs.onAck(sample.rttMs);
    // "Exiting Startup Based on Packet Loss"
    if (this.#state !== 'startup' || rounds.lossRanges < startupLossRangesMin) return;
    if (rounds.lossRate <= lossThreshold || !this.#signs.congested(this.#minRtt.valueMs)) return;
    this.#undoState = 'startup';
    this.#pipe.reached = true;
    this.#bounds.longTermBytes = Math.max(this.#bdp(1), rounds.latestBytes);
  }

  /** "Updating the BBR.max_bw Max Filter", and the response to losses once a round. */
  #learnRate(sample: RateSample): void {
    const rounds = this.#rounds;
    if (sample.rateBytesPerMs >= this.#maxRate.value || !sample.appLimited) this.#maxRate.add(sample.rateBytesPerMs);
    if (!rounds.lossRoundEnds(sample)) return;
    // While Drain and ProbeBW_DOWN empty a queue of our own making, its round trips say nothing about others.
    if (rounds.lossy && this.#congested && (this.#state === 'cruise' || this.#state === 'probeRtt'))
      this.#bounds.lower(rounds.latestBytesPerMs, rounds.latestBytes, this.#maxRate.value, this.#windowBytes);
    rounds.advance(sample);
  }

  /** "ProbeRTT Logic". */
  #learnMinRtt(rttMs: number, now: Instant): void {
    const expired = this.#minRtt.expired(now);
    if (expired && this.#state !== 'probeRtt')
      this.#probeRttWindowBytes = Math.max(this.#bdp(cwndGainProbeRtt), this.#pipeMin);
    this.#minRtt.add(rttMs, now);
    if (expired && this.#state !== 'probeRtt' && !this.#restarting) {
      this.#saveWindow();
      this.#state = 'probeRtt';
      this.#probeRttEnd = undefined;
      this.#ackPhase = 'probeStopping';
      this.#rounds.begin();
    }
    if (this.#state !== 'probeRtt') return;
    if (this.#probeRttEnd === undefined) {
      if (this.#inFlight > this.#probeRttWindowBytes) return;
      this.#probeRttEnd = after(now, probeRttMs);
      this.#probeRttRoundDone = false;
      this.#rounds.begin();
      return;
    }
    if (this.#rounds.start) this.#probeRttRoundDone = true;
    if (this.#probeRttRoundDone) this.#endProbeRtt(now);
  }

  #endProbeRtt(now: Instant): void {
    if (this.#probeRttEnd === undefined || now <= this.#probeRttEnd) return;
    this.#minRtt.refresh(now);
    this.#windowBytes = Math.max(this.#windowBytes, this.#priorWindowBytes);
    this.#bounds.resetShortTerm();
    this.#state = 'startup';
    if (!this.#pipe.reached) return;
    this.#startDown(now);
    this.#state = 'cruise';
  }

  // The cycle of ProbeBW ("ProbeBW Algorithm Details")

  #drained(): boolean {
    return this.#inFlight <= this.#inFlightAt(1) || this.#rounds.count > this.#drainRound + drainRoundsMax;
  }

  #cycle(sample: RateSample, ackedBytes: number, now: Instant): void {
    if (!this.#pipe.reached || this.#adaptLongTerm(sample, ackedBytes, now)) return;
    if (this.#state === 'down' || this.#state === 'cruise') {
      if (this.#timeToProbe(now)) this.#startRefill();
      else if (this.#state === 'down' && this.#timeToCruise()) this.#state = 'cruise';
    } else if (this.#state === 'refill' && this.#rounds.start) {
      this.#probeSample = true;
      this.#startUp(sample.rateBytesPerMs);
    } else if (this.#state === 'up' && this.#timeToGoDown(sample.rateBytesPerMs)) {
      this.#tooHighBefore = false;
      this.#startDown(now);
    }
  }

  #startDown(now: Instant): void {
    this.#rounds.reset();
    const draw = (this.#delivered * 0.618_033_988_75) % 1; // equidistributed, and different for every flow
    this.#upRound = this.#rounds.count - (draw < 0.5 ? 0 : 1);
    this.#probeWaitMs = probeWaitMs + 1_000 * draw;
    this.#cycleStart = now;
    this.#ackPhase = 'probeStopping';
    this.#rounds.begin();
    this.#state = 'down';
  }

  #startRefill(): void {
    this.#bounds.resetShortTerm();
    this.#bounds.beginRefill();
    this.#precautionaryBefore = false;
    this.#ackPhase = 'refilling';
    this.#rounds.begin();
    this.#state = 'refill';
  }

  #startUp(rateBytesPerMs: number): void {
    this.#ackPhase = 'probeStarting';
    this.#rounds.begin();
    this.#pipe.reset(rateBytesPerMs);
    this.#state = 'up';
    this.#bounds.steepen(this.#windowBytes);
  }

  #timeToProbe(now: Instant): boolean {
    if (now > after(this.#cycleStart, this.#probeWaitMs)) return true;
    const renoRounds = Math.min(this.#bdp(1), this.#windowBytes) / this.#datagramBytes;
    return this.#rounds.count - this.#upRound >= Math.min(renoRounds, renoRoundsMax);
  }

  #timeToCruise(): boolean {
    const headroom = Math.max(this.#bounds.withHeadroomBytes, this.#pipeMin);
    return this.#inFlight <= headroom && this.#inFlight <= this.#inFlightAt(1);
  }

  /** "Exit Conditions for Bandwidth Probing"; too much loss is seen elsewhere. */
  #timeToGoDown(rateBytesPerMs: number): boolean {
    const { longTermBytes } = this.#bounds;
    if (this.#tooHighBefore && this.#inFlight >= longTermBytes) {
      this.#precautionaryBefore = true;
      return true;
    }
    if (!this.#windowLimited || this.#windowBytes < longTermBytes) return this.#pipe.now;
    this.#pipe.reset(rateBytesPerMs);
    return false;
  }

  /** True when it has chosen the next state. */
  #adaptLongTerm(sample: RateSample, ackedBytes: number, now: Instant): boolean {
    if (this.#ackPhase === 'probeStarting' && this.#rounds.start) this.#ackPhase = 'probeFeedback';
    if (this.#ackPhase === 'probeStopping' && this.#rounds.start) {
      this.#probeSample = false;
      this.#ackPhase = 'none';
      if (this.#probing && !sample.appLimited) this.#maxRate.advance();
      if (this.#probing && this.#precautionaryBefore && !this.#tooHighBefore) {
        this.#startRefill();
        return true;
      }
    }
    if (this.#tooManyLost(sample)) {
      if (!this.#probeSample) return false;
      this.#tooHigh(sample.sentInFlightBytes, sample.appLimited);
      if (this.#state !== 'up') return false;
      this.#undoState = 'up';
      this.#startDown(now);
      return true;
    }
    this.#bounds.proved(sample.sentInFlightBytes);
    if (this.#state === 'up' && this.#windowLimited && this.#windowBytes >= this.#bounds.longTermBytes) {
      this.#bounds.probeUpward(ackedBytes);
      if (this.#rounds.start) this.#bounds.steepen(this.#windowBytes);
    }
    return false;
  }

  #tooManyLost({ lostBytes, sentInFlightBytes }: { readonly lostBytes: number; readonly sentInFlightBytes: number }) {
    return lostBytes > sentInFlightBytes * lossThreshold && this.#congested;
  }

  #tooHigh(inFlightBytes: number, appLimited: boolean): void {
    this.#tooHighBefore = true;
    this.#probeSample = false;
    if (!appLimited) this.#bounds.tooHigh(inFlightBytes, Math.min(this.#bdp(1), this.#windowBytes));
  }

  // "Updating Control Parameters"

  get #pipeMin(): number {
    return pipeDatagramsMin * this.#datagramBytes;
  }

  #bdp(gain: number): number {
    if (!Number.isFinite(this.#minRtt.valueMs)) return initialWindowBytes(this.#datagramBytes);
    return gain * this.#rateBytesPerMs * this.#minRtt.valueMs;
  }

  #inFlightAt(gain: number, extraBytes = 0): number {
    const quantum = Math.min(this.#pacingBytesPerMs * quantumMs, quantumBytesMax);
    const inFlight = Math.max(this.#bdp(gain) + extraBytes, quanta * quantum, this.#pipeMin);
    return this.#state === 'up' ? inFlight + 2 * this.#datagramBytes : inFlight;
  }

  #setPacing(): void {
    const rate = pacingGains[this.#state] * this.#rateBytesPerMs * pacingMargin;
    if (this.#pipe.reached || rate > this.#pacingBytesPerMs) this.#pacingBytesPerMs = rate;
  }

  #saveWindow(): void {
    const saved = this.#rounds.lossy || this.#state === 'probeRtt' ? this.#priorWindowBytes : 0;
    this.#priorWindowBytes = Math.max(saved, this.#windowBytes);
  }

  /** "cwnd Adjustment Mechanism", and the bounds of each state. */
  #setWindow(ackedBytes: number): void {
    const most = this.#inFlightAt(this.#state === 'up' ? cwndGainUp : cwndGain, this.#aggregation.bytes);
    let window = this.#windowBytes;
    if (this.#pipe.reached) window = Math.min(window + ackedBytes, most);
    else if (window < most || this.#delivered < initialWindowBytes(this.#datagramBytes)) window += ackedBytes;
    let cap = this.#bounds.shortTermBytes;
    if (this.#state === 'probeRtt' || this.#state === 'cruise') cap = Math.min(cap, this.#bounds.withHeadroomBytes);
    else if (this.#probing) cap = Math.min(cap, this.#bounds.longTermBytes);
    if (this.#state === 'probeRtt') cap = Math.min(cap, this.#probeRttWindowBytes);
    this.#windowBytes = Math.min(Math.max(window, this.#pipeMin), Math.max(cap, this.#pipeMin));
  }
}
