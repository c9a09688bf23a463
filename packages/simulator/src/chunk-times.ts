// How long chunks took from the first request for them until they were held, over all receivers, and how long the last
// of each receiver took: a swarm that stalls at 99 % shows here.

/** Milliseconds; NaN when nothing came. */
export interface ChunkTimesSummary {
  readonly medianMs: number;
  /** Of the last hundredth of every receiver's chunks, the time that 99 of 100 keep. */
  readonly lastP99Ms: number;
}

export class ChunkTimes {
  readonly #byReceiver = new Map<number, number[]>();

  /** In the order in which the receiver's chunks came. */
  add(receiver: number, ms: number): void {
    const times = this.#byReceiver.get(receiver);
    if (times === undefined) this.#byReceiver.set(receiver, [ms]);
    else times.push(ms);
  }

  /** Of the receivers that got all `chunkCount`. */
  summary(chunkCount: number): ChunkTimesSummary {
    const complete = [...this.#byReceiver.values()].filter((times) => times.length >= chunkCount);
    const last = complete.flatMap((times) => times.slice(-Math.ceil(chunkCount / 100)));
    return { medianMs: quantile(complete.flat(), 0.5), lastP99Ms: quantile(last, 0.99) };
  }
}

/** The value below which this part of all values lies; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
