// Chunks one after the other, as they are hashed: from somewhere in the byte space up to somewhere. A set that is hashed
// in several places at once is put together from such runs.

import type { ChunkTable } from './chunk-table.ts';
import type { Chunking } from './chunking.ts';
import { digestBytes } from './hash.ts';

/** A run in a form that crosses to other threads. */
export interface WrittenRun {
  readonly start: number;
  readonly ends: Float64Array<ArrayBuffer>;
  readonly digests: Uint8Array<ArrayBuffer>;
}

export class ChunkRun {
  readonly start: number;
  readonly #ends: number[];
  /** Grows by doubling; what lies behind the last digest is not used yet. */
  #digests: Uint8Array<ArrayBuffer>;

  constructor({ start, ends, digests }: Partial<WrittenRun> = {}) {
    this.start = start ?? 0;
    this.#ends = Array.from(ends ?? []);
    this.#digests = digests ?? new Uint8Array(64 * digestBytes);
  }

  /** Where the last chunk ends, and the next one begins. */
  get end(): number {
    return this.#ends.at(-1) ?? this.start;
  }

  /** The next chunk, and where it ends. */
  add(end: number, digest: Uint8Array): void {
    this.#append([end], digest);
  }

  /**
   * Takes over the chunks of a later run, from the one that begins where this run ends; false, and nothing done, when none
   * does. Cuts depend only on what follows them, so from a cut that two runs share they are the same.
   */
  join(later: ChunkRun): boolean {
    const first = later.start === this.end ? 0 : later.#ends.indexOf(this.end) + 1;
    if ((first === 0 && later.start !== this.end) || first === later.#ends.length) return false;
    this.#append(later.#ends.slice(first), later.#written().subarray(first * digestBytes));
    return true;
  }

  write(): WrittenRun {
    return { start: this.start, ends: Float64Array.from(this.#ends), digests: this.#written().slice() };
  }

  /** What a manifest has of the chunks. */
  table(chunking: Chunking): ChunkTable {
    const digests = this.#written().slice();
    if (chunking.kind === 'fixed') return { digests };
    const sizes = Uint32Array.from(this.#ends, (end, index) => end - (this.#ends[index - 1] ?? this.start));
    return { digests, sizes };
  }

  #written(): Uint8Array {
    return this.#digests.subarray(0, this.#ends.length * digestBytes);
  }

  #append(ends: readonly number[], digests: Uint8Array): void {
    const at = this.#ends.length * digestBytes;
    if (at + digests.length > this.#digests.length) {
      const grown = new Uint8Array(Math.max(2 * this.#digests.length, at + digests.length));
      grown.set(this.#written());
      this.#digests = grown;
    }
    this.#digests.set(digests, at);
    for (const end of ends) this.#ends.push(end);
  }
}
