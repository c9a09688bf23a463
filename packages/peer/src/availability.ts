// How many copies of each chunk stand with linked remotes. Whoever orders chunks by rarity is told of every change.

import type { Bitfield } from '@shoal/machine';

export class Availability {
  readonly #copies: Uint32Array;
  readonly #changed: (chunk: number, copies: number) => void;

  constructor(chunkCount: number, changed: (chunk: number, copies: number) => void) {
    this.#copies = new Uint32Array(chunkCount);
    this.#changed = changed;
  }

  copies(chunk: number): number {
    return this.#copies[chunk]!;
  }

  /** One more copy. */
  add(chunk: number): void {
    this.#changed(chunk, (this.#copies[chunk]! += 1));
  }

  /** One copy less. */
  remove(chunk: number): void {
    this.#changed(chunk, (this.#copies[chunk]! -= 1));
  }

  /** A remote with all these has come. */
  addAll(held: Bitfield): void {
    for (const chunk of held.ones()) this.add(chunk);
  }

  /** A remote with all these has gone. */
  removeAll(held: Bitfield): void {
    for (const chunk of held.ones()) this.remove(chunk);
  }
}
