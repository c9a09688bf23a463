// HyStart++ (RFC 9406): leaves slow start when round-trip times rise, before the queue overflows, and checks in a
// conservative phase whether the rise was real.

const minRttThreshMs = 4;
const maxRttThreshMs = 16;
const minRttDivisor = 8;
const rttSamples = 8;
const cssGrowthDivisor = 4;
const cssRounds = 5;

export class HyStart {
  #windowEnd = -1;
  #lastRoundMinRttMs = Number.POSITIVE_INFINITY;
  #roundMinRttMs = Number.POSITIVE_INFINITY;
  #samples = 0;
  #cssBaselineMs = Number.POSITIVE_INFINITY;
  #cssRound = 0;

  /** True while in conservative slow start. */
  get conservative(): boolean {
    return this.#cssRound > 0;
  }

  /** How much of the acknowledged bytes slow start may add to the window. */
  growth(ackedBytes: number): number {
    return this.conservative ? ackedBytes / cssGrowthDivisor : ackedBytes;
  }

  /** Takes one acknowledgement in; true when slow start is over (section 4.2). */
  onAck(rttMs: number, largestAcked: number, nextPacketNumber: number): boolean {
    this.#roundMinRttMs = Math.min(this.#roundMinRttMs, rttMs);
    this.#samples += 1;
    if (this.#samples >= rttSamples) this.#judge();
    if (largestAcked < this.#windowEnd) return false;
    this.#windowEnd = nextPacketNumber;
    this.#lastRoundMinRttMs = this.#roundMinRttMs;
    this.#roundMinRttMs = Number.POSITIVE_INFINITY;
    this.#samples = 0;
    if (!this.conservative) return false;
    this.#cssRound += 1;
    return this.#cssRound > cssRounds;
  }

  #judge(): void {
    if (this.conservative) {
      if (this.#roundMinRttMs < this.#cssBaselineMs) this.#cssRound = 0; // the rise was noise
      return;
    }
    if (!Number.isFinite(this.#lastRoundMinRttMs)) return;
    const threshold = Math.max(minRttThreshMs, Math.min(this.#lastRoundMinRttMs / minRttDivisor, maxRttThreshMs));
    if (this.#roundMinRttMs < this.#lastRoundMinRttMs + threshold) return;
    this.#cssBaselineMs = this.#roundMinRttMs;
    this.#cssRound = 1;
  }
}
