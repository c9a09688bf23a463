// The windowed filters of BBR's model of the path (draft-ietf-ccwg-bbr, "Updating Network Path Model Parameters").

import { type Instant, msBetween } from '@shoal/machine';

/** The largest value of this probing cycle and the one before ("BBR.max_bw Max Filter"). */
export class CycleMax {
  #before = 0;
  #current = 0;

  get value(): number {
    return Math.max(this.#before, this.#current);
  }

  add(value: number): void {
    this.#current = Math.max(this.#current, value);
  }

  /** A cycle is over. One without any sample forgets nothing. */
  advance(): void {
    if (this.#current === 0) return;
    this.#before = this.#current;
    this.#current = 0;
  }
}

/** The largest value of the last `rounds` rounds ("BBR.extra_acked"). */
class RoundMax {
  readonly #entries: { readonly round: number; readonly value: number }[] = [];

  get value(): number {
    return this.#entries[0]?.value ?? 0;
  }

  /** Values behind a larger, newer one can never be the largest again, so only falling ones are kept. */
  add(value: number, round: number, rounds: number): void {
    while (this.#entries.length > 0 && this.#entries.at(-1)!.value <= value) this.#entries.pop();
    if (this.#entries.at(-1)?.round !== round) this.#entries.push({ round, value });
    while (this.#entries[0]!.round <= round - rounds) this.#entries.shift();
  }
}

const minRttWindowMs = 10_000; // "BBR.MinRTTFilterLen"; flows agree on it so that they drain a shared queue together

/** The smallest round-trip time of ten seconds; when it grows stale the path must be probed ("BBR.min_rtt Min Filter"). */
export class MinRtt {
  valueMs: number = Number.POSITIVE_INFINITY;
  #at: Instant | undefined;

  /** True when the value is older than the window allows. */
  expired(now: Instant): boolean {
    return this.#at !== undefined && msBetween(this.#at, now) > minRttWindowMs;
  }

  /** Takes a sample in; an expired value gives way to any. */
  add(rttMs: number, now: Instant): void {
    if (rttMs >= this.valueMs && !this.expired(now)) return;
    this.valueMs = rttMs;
    this.#at = now;
  }

  /** The value has been confirmed. */
  refresh(now: Instant): void {
    this.#at = now;
  }
}

const plateauGrowth = 1.25;
const plateauRounds = 3;
const roundWithoutQueue = 1 / 3;

/** Finds out that sending faster delivers no more ("Exiting Acceleration Based on Bandwidth Plateau"). */
export class FullPipe {
  #baseline = 0;
  #rounds = 0;
  /** Since the last reset. */
  now = false;
  /** Ever. */
  reached = false;

  reset(baseline = 0): void {
    this.#baseline = baseline;
    this.#rounds = 0;
    this.now = false;
  }

  /**
   * Once a round, with the rate of a sample that the application did not hold down. A path that is full has a queue:
   * without one, it was more likely a late turn of the event loop that kept the rate down, and the round counts less.
   */
  onRound(rateBytesPerMs: number, queued: boolean): void {
    if (this.now) return;
    if (rateBytesPerMs >= this.#baseline * plateauGrowth) return this.reset(rateBytesPerMs);
    this.#rounds += queued ? 1 : roundWithoutQueue;
    if (this.#rounds < plateauRounds) return;
    this.now = true;
    this.reached = true;
  }
}

const aggregationRounds = 10;

/** What acknowledgements that come in bunches need beyond the product of rate and delay ("BBR.extra_acked"). */
export class Aggregation {
  readonly #extra = new RoundMax();
  #since: Instant | undefined;
  #ackedBytes = 0;

  get bytes(): number {
    return this.#extra.value;
  }

  /** Takes in what one acknowledgement settled; no more than `mostBytes` counts. */
  add(
    ackedBytes: number,
    rateBytesPerMs: number,
    mostBytes: number,
    round: number,
    now: Instant,
    rounds: number = aggregationRounds,
  ): void {
    let expected = rateBytesPerMs * msBetween((this.#since ??= now), now);
    if (this.#ackedBytes <= expected) {
      this.restart(now);
      expected = 0;
    }
    this.#ackedBytes += ackedBytes;
    this.#extra.add(Math.min(this.#ackedBytes - expected, mostBytes), round, rounds);
  }

  restart(now: Instant): void {
    this.#since = now;
    this.#ackedBytes = 0;
  }
}
