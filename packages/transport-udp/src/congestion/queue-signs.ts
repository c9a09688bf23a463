// Whether losses come from a queue that overflows or from a path that damages or drops whatever it carries. BBR as
// drafted takes more than 2 % of loss for congestion; radio links lose more with no queue at all, and nothing is gained
// by sending slower there. So loss counts only while round trips are longer than the path's own, or when it is so heavy for
// so long that a policer or a queue too short to see must be behind it.

const queueShare = 0.4; // of the least round trip: probing by a quarter must not look like a queue of others
const queueMsMin = 3;
const heavyLoss = 0.25;
const heavyRoundsMax = 3;

export class QueueSigns {
  #roundRttMs = Number.POSITIVE_INFINITY;
  #lastRoundRttMs = 0;
  #heavyRounds = 0;

  onAck(rttMs: number): void {
    this.#roundRttMs = Math.min(this.#roundRttMs, rttMs);
  }

  /** A round is over, of which `lossRate` (0 to 1) was lost. */
  onRound(lossRate: number): void {
    this.#lastRoundRttMs = this.#roundRttMs;
    this.#roundRttMs = Number.POSITIVE_INFINITY;
    this.#heavyRounds = lossRate > heavyLoss ? this.#heavyRounds + 1 : 0;
  }

  /** True when a loss now has to be taken for congestion on a path of `minRttMs`. */
  congested(minRttMs: number): boolean {
    if (this.#heavyRounds >= heavyRoundsMax) return true;
    const rttMs = Number.isFinite(this.#roundRttMs)
      ? Math.max(this.#roundRttMs, this.#lastRoundRttMs)
      : this.#lastRoundRttMs;
    return rttMs > minRttMs + Math.max(queueMsMin, queueShare * minRttMs);
  }
}
