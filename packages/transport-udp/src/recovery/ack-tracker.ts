// What was received and must be acknowledged, and when (RFC 9000 section 13.2). Acknowledgements go out per batch: the
// shell hands over everything the socket held before it asks for packets to send.

import { after, type Instant, NEVER, RangeSet } from '@shoal/machine';
import type { AckFrame } from '../packet/frames.ts';
import { ackDelayMsMax } from './rtt.ts';

/** Ranges remembered and told. Packets below the oldest are taken for duplicates, and the remote sends them again. */
const rangesMax = 32;
/** So many ack-eliciting packets are acknowledged with the batch they came in. */
const packetsBeforeAck = 2;

export class AckTracker {
  readonly #received = new RangeSet();
  #floor = 0;
  #unacknowledged = 0;
  #largestAt: Instant = NEVER;
  #dueAt: Instant = NEVER;

  /** True when a packet of this number was seen, or is too old to tell. */
  isDuplicate(packetNumber: number): boolean {
    return packetNumber < this.#floor || this.#received.has(packetNumber);
  }

  /** Notes a packet that could be read; false when it was noted before, or is too old to tell. */
  note(packetNumber: number, ackEliciting: boolean, now: Instant): boolean {
    const largest = this.#received.last?.end ?? 0; // one past it
    if (packetNumber < this.#floor || this.#received.add(packetNumber, packetNumber + 1) === 0) return false;
    if (packetNumber >= largest) this.#largestAt = now;
    if (this.#received.rangeCount > rangesMax) this.#forgetOldest();
    if (!ackEliciting) return true;
    this.#unacknowledged += 1;
    const inOrder = packetNumber === largest;
    if (!inOrder || this.#unacknowledged >= packetsBeforeAck) this.#dueAt = now;
    else if (this.#dueAt === NEVER) this.#dueAt = after(now, ackDelayMsMax);
    return true;
  }

  /** The next acknowledgement must not wait: the sender's stream ends with this packet. */
  hurry(now: Instant): void {
    if (this.#unacknowledged > 0) this.#dueAt = now;
  }

  /** When an acknowledgement has to leave. */
  get dueAt(): Instant {
    return this.#dueAt;
  }

  /** True when anything was received. */
  get any(): boolean {
    return this.#received.rangeCount > 0;
  }

  /** True when something ack-eliciting has not been acknowledged yet: worth adding to a packet that leaves anyway. */
  get pending(): boolean {
    return this.#unacknowledged > 0 || this.#dueAt !== NEVER;
  }

  /** The acknowledgement of everything received; the next one is due only after more has arrived. */
  take(now: Instant): AckFrame {
    const ranges: number[] = [];
    for (const { start, end } of this.#received.descending()) ranges.push(start, end);
    this.#unacknowledged = 0;
    this.#dueAt = NEVER;
    return { type: 'ack', delayUs: Math.max(0, Math.round((now - this.#largestAt) * 1_000)), ranges };
  }

  #forgetOldest(): void {
    const oldest = this.#received.first!;
    this.#received.remove(oldest.start, oldest.end);
    this.#floor = oldest.end;
  }
}
