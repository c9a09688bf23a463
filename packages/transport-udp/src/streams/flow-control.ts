// Windows (RFC 9000 section 4), counted in sealed bytes: what we grant to the remote, and what it granted to us. A window
// must hold several times what a path carries in a round trip, or it and not the path limits the sender; and it bounds the
// memory that a remote can make us hold. So it begins small and grows only for readers that keep up (section 4.2 leaves how to us).

import { type Instant, msBetween } from '@shoal/machine';
import { recordBytesMax } from './record.ts';

/** Windows begin with so much, where the configuration allows as much. */
export const firstStreamWindowBytes: number = 2 ** 20;
export const firstConnectionWindowBytes: number = 4 * 2 ** 20;

/**
 * When half a window was read within so many round trips the window doubles. It thus ends at four to eight times what the
 * path carries in one: enough for the two or three round trips that the repair of a loss takes.
 */
const growthRounds = 2;
/** A sender that has used all of its window was held back by it, if only until a loss was repaired: so more counts as quick. */
const growthRoundsExhausted = 8;

/** What one side has granted: a total that only grows, as the reader consumes. */
export class ReceiveWindow {
  readonly #mostBytes: number;
  #windowBytes: number;
  #granted: number;
  /** The first half window counts as read quickly. */
  #grantedAt: Instant | undefined;
  #received = 0;
  #consumed = 0;

  /** Begins with `firstBytes` ahead of the reader and may grow to `mostBytes`. */
  constructor(firstBytes: number, mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#windowBytes = Math.min(firstBytes, mostBytes);
    this.#granted = this.#windowBytes;
  }

  /** The limit last told to the remote. */
  get granted(): number {
    return this.#granted;
  }

  /** True when `bytes` more may arrive. */
  allows(bytes: number): boolean {
    return this.#received + bytes <= this.#granted;
  }

  receive(bytes: number): void {
    this.#received += bytes;
  }

  /** Notes that the reader took so many; true when that is worth telling the remote (half a window). */
  consume(bytes: number): boolean {
    this.#consumed += bytes;
    return this.#halfRead;
  }

  /** Raises the limit to a whole window ahead of the reader, and returns it. `rttMs` is the round trip to the remote. */
  grant(now: Instant, rttMs: number): number {
    if (this.#halfRead) {
      const rounds = this.#exhausted ? growthRoundsExhausted : growthRounds;
      const quick = this.#grantedAt === undefined || msBetween(this.#grantedAt, now) < rounds * rttMs;
      if (quick) this.#windowBytes = Math.min(2 * this.#windowBytes, this.#mostBytes);
      this.#grantedAt = now;
    }
    this.#granted = this.#consumed + this.#windowBytes;
    return this.#granted;
  }

  /** What is left does not hold another record. */
  get #exhausted(): boolean {
    return this.#granted - this.#received < Math.min(recordBytesMax, this.#windowBytes / 2);
  }

  get #halfRead(): boolean {
    return this.#granted - this.#consumed <= this.#windowBytes / 2;
  }
}

/** What may be sealed over all streams: what the remote has granted, and no more than we want to keep for it. */
export class SendCredit {
  readonly #keptMost: number;
  #limit: number;
  #used = 0;
  #kept = 0;
  #reopened = false;

  /** The remote grants up to `limit`; of what it does not acknowledge at most `keptMost` bytes are kept. */
  constructor(limit: number, keptMost: number) {
    this.#limit = limit;
    this.#keptMost = keptMost;
  }

  get available(): number {
    return Math.min(this.#limit - this.#used, this.#keptMost - this.#kept);
  }

  /** Bytes sealed so far. */
  get used(): number {
    return this.#used;
  }

  use(bytes: number): void {
    this.#used += bytes;
    this.#kept += bytes;
  }

  /** So many need not be kept any more. */
  release(bytes: number): void {
    this.#reopened ||= this.#keptMost - this.#kept < recordBytesMax;
    this.#kept -= bytes;
  }

  /** True once after what is kept may have held somebody back, and no longer does. */
  takeReopened(): boolean {
    const reopened = this.#reopened;
    this.#reopened = false;
    return reopened;
  }

  /** Limits never shrink: an older frame that arrives late says nothing. */
  raise(limit: number): boolean {
    if (limit <= this.#limit) return false;
    this.#limit = limit;
    return true;
  }
}
