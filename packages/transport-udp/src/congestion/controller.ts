// The one interface of congestion controllers. Recovery tells what was sent, acknowledged and lost, once per
// acknowledgement and not per packet (but for lost ones, to those who ask); the controller answers how much may be in flight.

import type { Instant } from '@shoal/machine';
import type { LostPacket, RateSample } from './delivery-rate.ts';

/** What one acknowledgement settled. Sizes in bytes of whole packets. */
export interface AckSample {
  readonly now: Instant;
  readonly ackedBytes: number;
  /** When the newest of the acknowledged packets was sent. */
  readonly newestSentAt: Instant;
  readonly largestAcked: number;
  /** The number the next packet will get. */
  readonly nextPacketNumber: number;
  readonly latestRttMs: number;
  readonly srttMs: number;
  readonly minRttMs: number;
  /** False when the window was not what held the sender back: it must not grow (RFC 9002 section 7.8). */
  readonly windowLimited: boolean;
  /** What is still in flight behind it. */
  readonly bytesInFlight?: number;
  /** For controllers that ask for samples. */
  readonly delivery?: RateSample | undefined;
}

export interface LossSample {
  readonly now: Instant;
  readonly lostBytes: number;
  /** When the newest of the lost packets was sent. */
  readonly newestSentAt: Instant;
  /** Everything over several probe timeouts was lost (RFC 9002 section 7.6). */
  readonly persistent: boolean;
}

export interface CongestionController {
  readonly name: string;
  /** How many bytes may be in flight. */
  readonly windowBytes: number;
  readonly slowStart: boolean;
  /** In its own words, for logs; without, it is in slow start or in congestion avoidance. */
  readonly state?: string;
  /** How fast it may leave; undefined leaves that to window and round-trip time. */
  readonly pacingRateBytesPerSecond?: number | undefined;
  /** True when acknowledgements are to carry samples of the delivery rate. */
  readonly samplesDelivery?: boolean;
  onAck(sample: AckSample): void;
  onLoss(sample: LossSample): void;
  /** Everything that made the window shrink the last time was only late. */
  onSpurious(): void;
  /** Told of every lost packet before `onLoss`, where delivery is sampled. */
  onPacketLost?(packet: LostPacket): void;
  /** Sending begins again after the application had nothing to send and nothing was in flight. */
  onRestart?(now: Instant): void;
}

/** Makes a controller for packets of at most `datagramBytes`. */
export type CongestionFactory = (datagramBytes: number) => CongestionController;

/** RFC 9002 section 7.2. */
export const initialWindowBytes = (datagramBytes: number): number =>
  Math.min(10 * datagramBytes, Math.max(14_720, 2 * datagramBytes));

export const minimumWindowBytes = (datagramBytes: number): number => 2 * datagramBytes;
