// When each chunk was on its way, so that it can be shown travelling. A link carries one chunk after another, however many
// were asked for at once: a chunk sets out when it was sent, or else asked for, or when the one before it on the same way
// has arrived.

import type { Happening } from './happenings.ts';
import type { Picture } from './picture.ts';

export interface Flight {
  readonly from: number;
  readonly to: number;
  readonly chunk: number;
  readonly startMs: number;
  readonly endMs: number;
  /** What came was not the chunk. */
  readonly isDamaged: boolean;
}

export class Flights {
  /** In the order in which they ended. */
  readonly #flights: Flight[] = [];
  readonly #lastEnd = new Map<string, number>();
  #longestMs = 0;

  /** To be told before the picture is, which still knows when it was asked. */
  add(happening: Happening, before: Picture): void {
    if ((happening.kind !== 'held' && happening.kind !== 'damaged') || happening.from === undefined) return;
    const { atMs, chunk, kind } = happening;
    const [from, to] = [before.numberOf(happening.from), before.numberOf(happening.peer)];
    if (from === undefined || to === undefined) return;
    const asks = before.peers[to]!.asks.get(chunk) ?? [];
    const sinceMs = happening.sinceMs ?? asks.find((ask) => ask.from === from)?.atMs ?? atMs;
    const way = `${from} ${to}`;
    const startMs = Math.max(sinceMs, this.#lastEnd.get(way) ?? 0);
    this.#lastEnd.set(way, atMs);
    this.#longestMs = Math.max(this.#longestMs, atMs - startMs);
    this.#flights.push({ from, to, chunk, startMs, endMs: atMs, isDamaged: kind === 'damaged' });
  }

  /** Those under way at a moment. */
  at(ms: number, visit: (flight: Flight) => void): void {
    this.between(ms, ms, visit);
  }

  /** Those under way at any time from one moment to another, in no particular order. */
  between(fromMs: number, untilMs: number, visit: (flight: Flight) => void): void {
    for (let i = this.#firstEndingAfter(fromMs); i < this.#flights.length; i += 1) {
      const flight = this.#flights[i]!;
      if (flight.endMs > untilMs + this.#longestMs) return;
      if (flight.startMs <= untilMs) visit(flight);
    }
  }

  #firstEndingAfter(ms: number): number {
    let [low, high] = [0, this.#flights.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#flights[middle]!.endMs > ms) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
