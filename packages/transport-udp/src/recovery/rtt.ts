// Round-trip time estimation (RFC 9002 section 5).

/** A receiver may hold an acknowledgement back for so long (RFC 9000 section 18.2, max_ack_delay). */
export const ackDelayMsMax = 25;
/** No timer of loss detection is finer than this (RFC 9002 section 6.1.2, kGranularity). */
const granularityMs = 1;

export class RttEstimator {
  latestRttMs = 0;
  minRttMs: number = Number.POSITIVE_INFINITY;
  srttMs: number;
  rttvarMs: number;
  /** True once a round trip has been measured. */
  measured = false;

  constructor(initialRttMs: number) {
    this.srttMs = initialRttMs;
    this.rttvarMs = initialRttMs / 2;
  }

  /** `ackDelayMs` is what the remote says it waited. */
  update(latestRttMs: number, ackDelayMs: number): void {
    this.latestRttMs = latestRttMs;
    this.minRttMs = Math.min(this.minRttMs, latestRttMs);
    if (!this.measured) {
      this.measured = true;
      this.srttMs = latestRttMs;
      this.rttvarMs = latestRttMs / 2;
      return;
    }
    const delay = Math.min(ackDelayMs, ackDelayMsMax);
    const adjusted = latestRttMs >= this.minRttMs + delay ? latestRttMs - delay : latestRttMs;
    this.rttvarMs = 0.75 * this.rttvarMs + 0.25 * Math.abs(this.srttMs - adjusted);
    this.srttMs = 0.875 * this.srttMs + 0.125 * adjusted;
  }

  /** How long to wait for an acknowledgement before probing, without backoff (section 6.2.1). */
  get ptoMs(): number {
    return this.srttMs + Math.max(4 * this.rttvarMs, granularityMs) + ackDelayMsMax;
  }

  /** A packet unacknowledged for so long behind an acknowledged one is lost (section 6.1.2). */
  get timeThresholdMs(): number {
    return Math.max((9 / 8) * Math.max(this.srttMs, this.latestRttMs), granularityMs);
  }
}
