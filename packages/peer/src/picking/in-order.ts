// The first chunk first: for the few that somebody waits for.

import { Bitfield } from '@shoal/machine';
import type { PickingPolicy } from './policy.ts';

export class InOrder implements PickingPolicy {
  readonly #free: Bitfield;
  /** No chunk before it is free. */
  #first = 0;

  constructor(chunkCount: number) {
    this.#free = new Bitfield(chunkCount);
  }

  get size(): number {
    return this.#free.count;
  }

  has(chunk: number): boolean {
    return this.#free.has(chunk);
  }

  add(chunk: number): void {
    this.#free.set(chunk);
    this.#first = Math.min(this.#first, chunk);
  }

  remove(chunk: number): void {
    this.#free.clear(chunk);
  }

  setCopies(): void {}

  pick(among: Bitfield): number | undefined {
    if (this.#free.count === 0) return undefined;
    while (!this.#free.has(this.#first)) this.#first += 1;
    for (const chunk of this.#free.common(among, this.#first)) return chunk;
    return undefined;
  }
}
