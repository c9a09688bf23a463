// The highest rate that a growing byte count reached: what a link was seen to carry.

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Follows one count. The peak is taken over windows of at least `windowMs`, so that a burst does not pass for a rate. */
export class PeakRate {
  readonly #windowMs: number;
  readonly #samples: Sample[] = [];
  bytesPerSecond = 0;

  constructor(windowMs = 500) {
    this.#windowMs = windowMs;
  }

  /** The count stood at `bytes` at `atMs`; neither goes back. */
  add(atMs: number, bytes: number): void {
    const samples = this.#samples;
    samples.push({ atMs, bytes });
    while (samples.length > 2 && atMs - samples[1]!.atMs >= this.#windowMs) samples.shift();
    const first = samples[0]!;
    const elapsedMs = atMs - first.atMs;
    if (elapsedMs >= this.#windowMs)
      this.bytesPerSecond = Math.max(this.bytesPerSecond, ((bytes - first.bytes) / elapsedMs) * 1000);
  }
}
