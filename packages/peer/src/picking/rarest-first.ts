// Rarest first: ask for the chunk with the fewest copies, ties broken at random, so that copies multiply evenly and no
// two receivers fetch the same chunk from the same source (Legout et al., "Rarest first and choke algorithms are
// enough", 2006). Chunks lie in buckets by copies; a chunk changes its bucket in O(1). A pick looks at a bounded number
// of chunks in bucket order; only a remote with little to offer is searched by its own bits, 8 chunks a step.

import { Bitfield, type Rng } from '@shoal/machine';
import type { PickingPolicy } from './policy.ts';

const looksMax = 128; // chunks tried in bucket order before the remote's own bits are searched
const commonMax = 256; // chunks compared in that search

export class RarestFirst implements PickingPolicy {
  readonly #rng: Rng;
  readonly #free: Bitfield;
  /** Free chunks by copies. */
  readonly #buckets: number[][] = [];
  readonly #copies: Uint32Array;
  /** Where each free chunk stands in its bucket. */
  readonly #places: Uint32Array;

  constructor(chunkCount: number, rng: Rng) {
    this.#rng = rng;
    this.#free = new Bitfield(chunkCount);
    this.#copies = new Uint32Array(chunkCount);
    this.#places = new Uint32Array(chunkCount);
  }

  get size(): number {
    return this.#free.count;
  }

  has(chunk: number): boolean {
    return this.#free.has(chunk);
  }

  copies(chunk: number): number {
    return this.#copies[chunk]!;
  }

  add(chunk: number, copies: number): void {
    if (!this.#free.set(chunk)) return;
    this.#copies[chunk] = copies;
    this.#enter(chunk);
  }

  remove(chunk: number): void {
    if (this.#free.clear(chunk)) this.#exit(chunk);
  }

  setCopies(chunk: number, copies: number): void {
    if (!this.#free.has(chunk)) return;
    this.#exit(chunk);
    this.#copies[chunk] = copies;
    this.#enter(chunk);
  }

  pick(among: Bitfield): number | undefined {
    let looks = 0;
    for (const bucket of this.#buckets) {
      // A random start: otherwise chunks that this remote lacks would be looked at first, every time.
      const start = bucket.length > 1 ? this.#rng.below(bucket.length) : 0;
      for (let step = 0; step < bucket.length; step += 1) {
        const chunk = bucket[(start + step) % bucket.length]!;
        if (among.has(chunk)) return chunk;
        looks += 1;
        if (looks === looksMax) return this.#search(among);
      }
    }
    return undefined;
  }

  /** The rarest of the first few free chunks of `among` from a random place on. */
  #search(among: Bitfield): number | undefined {
    let best: number | undefined;
    let [bestCopies, seen] = [Number.POSITIVE_INFINITY, 0];
    for (const chunk of this.#free.common(among, this.#rng.below(this.#free.length))) {
      const copies = this.#copies[chunk]!;
      if (copies < bestCopies) [best, bestCopies] = [chunk, copies];
      seen += 1;
      if (seen === commonMax) break;
    }
    return best;
  }

  #enter(chunk: number): void {
    const copies = this.#copies[chunk]!;
    while (this.#buckets.length <= copies) this.#buckets.push([]);
    const bucket = this.#buckets[copies]!;
    this.#places[chunk] = bucket.push(chunk) - 1;
  }

  #exit(chunk: number): void {
    const bucket = this.#buckets[this.#copies[chunk]!]!;
    const last = bucket.pop()!;
    if (last === chunk) return;
    const place = this.#places[chunk]!;
    bucket[place] = last;
    this.#places[last] = place;
  }
}
