// What is held of one file-set, in chunks and in bytes.

import type { Bitfield } from '@shoal/machine';
import type { ContentShape } from './content.ts';

export class Holding {
  readonly shape: ContentShape;
  /** Shared with who fetches, which sets what is stored, and who gives. */
  readonly held: Bitfield;
  /** Held before this run began. */
  readonly resumedBytes: number;
  #bytes = 0;

  constructor(shape: ContentShape, held: Bitfield) {
    this.shape = shape;
    this.held = held;
    for (const chunk of held.ones()) this.#bytes += shape.sizeOfChunk(chunk);
    this.resumedBytes = this.#bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The chunk has come. Returns its size. */
  stored(chunk: number): number {
    const bytes = this.shape.sizeOfChunk(chunk);
    this.#bytes += bytes;
    return bytes;
  }

  /** The chunk is held no longer; false when it was not. */
  forget(chunk: number): boolean {
    if (!this.held.clear(chunk)) return false;
    this.#bytes -= this.shape.sizeOfChunk(chunk);
    return true;
  }

  /** Nothing but these is held any more. */
  keepOnly(left: Bitfield): void {
    for (const chunk of this.held.clone().ones()) if (!left.has(chunk)) this.forget(chunk);
  }
}
