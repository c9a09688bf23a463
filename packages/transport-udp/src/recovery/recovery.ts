// Loss detection and what hangs on it (RFC 9002): settles packets by acknowledgements, declares losses by packet and
// time threshold, arms the probe timer, and asks controller and pacer how much may leave.

import { after, type Instant, msBetween, NEVER } from '@shoal/machine';
import { type CongestionController, minimumWindowBytes } from '../congestion/controller.ts';
import { DeliveryRate } from '../congestion/delivery-rate.ts';
import { Pacer } from '../congestion/pacer.ts';
import type { AckFrame, Frame } from '../packet/frames.ts';
import { LatePackets } from './late-packets.ts';
import { ackDelayMsMax, RttEstimator } from './rtt.ts';
import { controlPayload, packetStates, SentPackets } from './sent-packets.ts';

const persistentCongestionThreshold = 3; // section 7.6.1
const probesPerTimeout = 2; // section 6.2.4
const backoffMax = 10; // 2^10 probe timeouts are longer than any idle timeout
/**
 * Packet numbers from the oldest packet in flight on that are kept track of: more than any path holds. A remote that
 * acknowledges nothing, and has us acknowledge what it sends, gets there: then the oldest counts as lost.
 */
const packetsTrackedMax = 131_072;

/** Is told what became of what packets carried. */
export interface PacketFate {
  pieceAcked(stream: number, offset: number, length: number): void;
  /** Has to be sent again; also told of probes, whose original may still arrive. */
  pieceLost(stream: number, offset: number, length: number): void;
  framesLost(frames: readonly Frame[]): void;
  framesAcked(frames: readonly Frame[]): void;
}

export interface RecoveryOptions {
  readonly controller: CongestionController;
  readonly datagramBytes: number;
  readonly burstBytesMax: number;
  readonly initialRttMs: number;
  readonly sizes?: SizeWatcher;
}

/** Is told how large the packets were that got through, and that did not. */
export interface SizeWatcher {
  packetsAcked(largestBytes: number): void;
  packetsLost(largestBytes: number, packetNumbers: readonly number[], now: Instant): void;
}

/** Datagrams larger than this are paced as if there were several: the bucket must fit the remote's socket buffer. */
const pacedBytesMax = 21_840;

export class Recovery {
  readonly sent: SentPackets = new SentPackets();
  rtt: RttEstimator;
  controller: CongestionController;
  #pacer: Pacer;
  readonly #late = new LatePackets();
  #delivery: DeliveryRate | undefined;
  readonly #sizes: SizeWatcher | undefined;
  #datagramBytes: number;
  readonly #burstBytesMax: number;
  #largestAcked = -1;
  #lossAt: Instant = NEVER;
  #lastSentAt: Instant = NEVER;
  #ptoCount = 0;
  #probes = 0;
  /** Half-way to the next probe timeout: where asking once more is still to be done, and whether it is being done. */
  #halfWay: 'none' | 'ahead' | 'now' = 'none';
  #windowLimited = false;
  #starved = true;
  #firstSampleAt: Instant | undefined;
  #cutAt: Instant | undefined;
  packetsLost = 0;
  bytesLost = 0;

  constructor({ controller, datagramBytes, burstBytesMax, initialRttMs, sizes }: RecoveryOptions) {
    this.controller = controller;
    this.#datagramBytes = datagramBytes;
    this.#burstBytesMax = burstBytesMax;
    this.#sizes = sizes;
    this.rtt = new RttEstimator(initialRttMs);
    this.#pacer = this.#newPacer();
    this.#delivery = controller.samplesDelivery === true ? new DeliveryRate() : undefined;
    this.#pace();
  }

  get pacingRateBytesPerSecond(): number {
    return this.#pacer.rateBytesPerSecond;
  }

  /** Probes that must leave whatever the window says. */
  get probes(): number {
    return this.#probes;
  }

  /** The next probe is to be small and sealed. */
  get sealedProbe(): boolean {
    return this.#probes > 1 || this.#halfWay === 'now';
  }

  /** Packets declared lost that had only been late. */
  get packetsSpurious(): number {
    return this.#late.spurious;
  }

  /** How many bytes may leave now. */
  room(now: Instant): number {
    const window = this.#windowBytes - this.sent.bytesInFlight;
    return window <= 0 ? 0 : Math.min(window, this.#pacer.available(now));
  }

  /** When the pacer opens again; `NEVER` when only an acknowledgement can open the window. */
  roomAt(now: Instant): Instant {
    const window = this.#windowBytes - this.sent.bytesInFlight;
    return window < this.#datagramBytes ? NEVER : this.#pacer.nextAt(now);
  }

  /** The path carries datagrams of another size now. */
  resize(datagramBytes: number): void {
    this.#datagramBytes = datagramBytes;
    this.#pacer = this.#newPacer();
    this.#pace();
  }

  /** Notes that an ack-eliciting packet left. */
  packetSent(bytes: number, now: Instant): void {
    const { sent } = this;
    if (this.#halfWay === 'now') this.#halfWay = 'none';
    else this.#lastSentAt = now;
    this.#pacer.spend(bytes);
    if (this.#probes > 0) this.#probes -= 1;
    if (this.#delivery === undefined) return;
    if (sent.inFlightCount === 1 && this.#starved) this.controller.onRestart?.(now);
    this.#delivery.sent(sent.next - 1, sent.lowest, bytes, sent.bytesInFlight, now);
  }

  /** Says whether the last transmission ended because the window was full, or (`starved`) for lack of data. */
  noteLimit(windowLimited: boolean, starved = false): void {
    this.#windowLimited = windowLimited;
    this.#starved = starved;
    this.#pacer.waitedFor = !starved;
    if (starved) this.#delivery?.limitedByApplication(this.sent.bytesInFlight);
  }

  /** Settles everything `frame` newly acknowledges. Numbers never sent are passed over: a forger may have caused them. */
  ackReceived(frame: AckFrame, now: Instant, fate: PacketFate): void {
    const { ranges } = frame;
    const { sent } = this;
    let ackedBytes = 0;
    let largestBytes = 0;
    let largest = -1;
    for (let i = 0; i < ranges.length; i += 2) {
      const end = Math.min(ranges[i + 1]!, sent.next);
      // Settling moves `lowest` up, never past a packet in flight.
      for (let n = Math.max(ranges[i]!, sent.lowest); n < end; n += 1) {
        if (sent.state(n) !== packetStates.inFlight) continue;
        if (n > largest) largest = n;
        ackedBytes += sent.bytes(n);
        this.#delivery?.acknowledged(n, sent.bytes(n), sent.sentAt(n));
        largestBytes = Math.max(largestBytes, sent.bytes(n));
        const stream = sent.stream(n);
        if (stream === controlPayload) fate.framesAcked(sent.frames(n));
        else fate.pieceAcked(stream, sent.offset(n), sent.length(n));
        sent.settle(n, packetStates.acknowledged);
      }
    }
    const onlyLate = this.#late.acknowledge(ranges, (n) => this.#tellLate(n, fate));
    if (onlyLate) this.controller.onSpurious();
    if (largest < 0) return;
    const newestSentAt = sent.sentAt(largest);
    if (largest > this.#largestAcked) {
      this.#largestAcked = largest;
      this.#firstSampleAt ??= newestSentAt;
      this.rtt.update(Math.max(0, msBetween(newestSentAt, now)), frame.delayUs / 1_000);
    }
    this.#stopProbing();
    this.#sizes?.packetsAcked(largestBytes);
    this.#detectLoss(now, fate);
    this.controller.onAck({
      now,
      ackedBytes,
      newestSentAt,
      largestAcked: largest,
      nextPacketNumber: sent.next,
      latestRttMs: this.rtt.latestRttMs,
      srttMs: this.rtt.srttMs,
      minRttMs: this.rtt.minRttMs,
      windowLimited: this.#windowLimited,
      bytesInFlight: sent.bytesInFlight,
      delivery: this.#delivery?.sample(now, this.rtt.minRttMs),
    });
    this.#pace();
  }

  /**
   * The packets in flight went to an address that is left: they are sent again, and say nothing about the new path. With
   * `fresh`, nor does what was learnt from those before them (RFC 9000 section 9.4).
   */
  leavePath(
    fate: PacketFate,
    fresh?: { readonly controller: CongestionController; readonly initialRttMs: number },
  ): void {
    const { sent } = this;
    for (let n = sent.lowest; n < sent.next; n += 1) {
      if (sent.state(n) !== packetStates.inFlight) continue;
      this.#tellLost(n, fate);
      sent.settle(n, packetStates.lost);
    }
    this.#lossAt = NEVER;
    this.#stopProbing();
    if (fresh === undefined) return;
    this.controller = fresh.controller;
    this.#delivery = this.controller.samplesDelivery === true ? new DeliveryRate() : undefined;
    this.rtt = new RttEstimator(fresh.initialRttMs);
    this.#pacer = this.#newPacer();
    this.#firstSampleAt = undefined;
    this.#cutAt = undefined;
    this.#late.forget();
    this.#pace();
  }

  /** Gives the oldest packets up where they hold on to too much: to be called before packets leave. */
  forgetOldest(fate: PacketFate): void {
    const { sent } = this;
    while (sent.inFlightCount > 0 && sent.next - sent.lowest > packetsTrackedMax) {
      this.#tellLost(sent.lowest, fate);
      sent.settle(sent.lowest, packetStates.lost);
    }
  }

  /** The next moment of loss detection: a time threshold, else a probe. */
  nextTimeout(): Instant {
    if (this.sent.inFlightCount === 0) return NEVER;
    if (this.#lossAt !== NEVER) return this.#lossAt;
    return this.#halfWay === 'ahead' ? this.#ptoAt(0.5) : this.#ptoAt();
  }

  handleTimeout(now: Instant, fate: PacketFate): void {
    if (this.sent.inFlightCount === 0 || now < this.nextTimeout()) return;
    if (this.#lossAt !== NEVER) {
      this.#detectLoss(now, fate);
      this.#pace();
      return;
    }
    if (this.#halfWay === 'ahead') {
      // Doubled waits are long where the path was only gone for a moment, and nothing forbids a small question meanwhile.
      this.#halfWay = 'now';
      this.#probes = 1;
      return;
    }
    this.#ptoCount = Math.min(this.#ptoCount + 1, backoffMax);
    this.#probes = probesPerTimeout;
    this.#halfWay = 'ahead';
    this.#lastSentAt = now;
    this.#sendAgainOldest(fate);
  }

  #stopProbing(): void {
    this.#ptoCount = 0;
    this.#probes = 0;
    this.#halfWay = 'none';
  }

  /** What a probe carries best is what has waited longest (section 6.2.4). It stays in flight: nothing is known lost. */
  #sendAgainOldest(fate: PacketFate): void {
    const { sent } = this;
    let left = probesPerTimeout;
    for (let n = sent.lowest; n < sent.next && left > 0; n += 1) {
      if (sent.state(n) !== packetStates.inFlight) continue;
      this.#tellLost(n, fate);
      left -= 1;
    }
  }

  #detectLoss(now: Instant, fate: PacketFate): void {
    const { sent } = this;
    const { timeThresholdMs } = this.rtt;
    this.#lossAt = NEVER;
    const lost: number[] = [];
    let lostBytes = 0;
    let largestBytes = 0;
    let newestSentAt: Instant | undefined;
    let runStart: Instant | undefined;
    let longestRunMs = 0;
    // Numbers and sending times rise together: behind the first packet that is not lost, none is.
    const end = this.#largestAcked;
    for (let n = sent.lowest; n < end; n += 1) {
      const state = sent.state(n);
      if (state === packetStates.acknowledged) runStart = undefined;
      if (state !== packetStates.inFlight) continue;
      const sentAt = sent.sentAt(n);
      const lostAt = after(sentAt, timeThresholdMs);
      if (n > end - this.#late.packetThreshold && lostAt > now) {
        this.#lossAt = lostAt;
        break;
      }
      if (this.#firstSampleAt !== undefined && sentAt >= this.#firstSampleAt) runStart ??= sentAt;
      longestRunMs = Math.max(longestRunMs, runStart === undefined ? 0 : msBetween(runStart, sentAt));
      newestSentAt = sentAt;
      lostBytes += sent.bytes(n);
      largestBytes = Math.max(largestBytes, sent.bytes(n));
      lost.push(n);
      this.#tellLost(n, fate);
      sent.settle(n, packetStates.lost);
    }
    if (newestSentAt === undefined) return;
    this.#sizes?.packetsLost(largestBytes, lost, now);
    this.bytesLost += lostBytes;
    this.packetsLost += lost.length;
    if (this.#cutAt === undefined || newestSentAt > this.#cutAt) {
      this.#cutAt = now; // the controller shrinks the window once a round trip
      this.#late.beginCut();
    }
    for (const n of lost) {
      this.#late.note(n);
      if (this.#delivery !== undefined) this.controller.onPacketLost?.(this.#delivery.lost(n, sent.bytes(n)));
    }
    const persistent = longestRunMs > persistentCongestionThreshold * this.rtt.ptoMs;
    this.controller.onLoss({ now, lostBytes, newestSentAt, persistent });
    if (!persistent) return;
    this.rtt.minRttMs = this.rtt.latestRttMs; // section 5.2: the path may be another one
    this.#late.forget();
  }

  /** What it carried has arrived after all: a piece that has not been sent again yet need not be. */
  #tellLate(n: number, fate: PacketFate): void {
    const { sent } = this;
    if (sent.state(n) !== packetStates.lost || sent.stream(n) === controlPayload) return;
    fate.pieceAcked(sent.stream(n), sent.offset(n), sent.length(n));
  }

  #tellLost(n: number, fate: PacketFate): void {
    const stream = this.sent.stream(n);
    if (stream === controlPayload) fate.framesLost(this.sent.frames(n));
    else fate.pieceLost(stream, this.sent.offset(n), this.sent.length(n));
  }

  /** Section 6.2.1: twice as late each time. */
  #ptoAt(share = 1): Instant {
    return this.#lastSentAt === NEVER ? NEVER : after(this.#lastSentAt, share * this.rtt.ptoMs * 2 ** this.#ptoCount);
  }

  /** Never below two datagrams (RFC 9002 section 7.2), whatever size the controller was made for. */
  get #windowBytes(): number {
    return Math.max(this.controller.windowBytes, minimumWindowBytes(this.#datagramBytes));
  }

  #newPacer(): Pacer {
    const parts = Math.ceil(this.#datagramBytes / pacedBytesMax);
    return new Pacer(this.#datagramBytes / parts, this.#burstBytesMax);
  }

  #pace(): void {
    const { pacingRateBytesPerSecond, windowBytes, slowStart } = this.controller;
    if (pacingRateBytesPerSecond === undefined) this.#pacer.update(windowBytes, this.rtt.srttMs, slowStart);
    else this.#pacer.setRate(pacingRateBytesPerSecond / 1_000);
  }
}

/** How long the closing end of a connection still answers late packets (RFC 9000 section 10.2). */
export const closingMs = (rtt: RttEstimator): number => 3 * (rtt.ptoMs - ackDelayMsMax);
