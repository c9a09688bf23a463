// The writes of a store that are under way: each chunk is written once, however many bring it at a time.

import type { WriteOutcome } from '../chunk-store.ts';

export class ChunkWrites {
  readonly #underWay = new Map<number, Promise<void>>();

  /** Writes a chunk that is not held, unless somebody is about to; fails as that write does. */
  async once(chunk: number, write: () => Promise<void>): Promise<WriteOutcome> {
    const underWay = this.#underWay.get(chunk);
    if (underWay !== undefined) {
      await underWay;
      return 'alreadyHeld';
    }
    const writing = write();
    this.#underWay.set(chunk, writing);
    try {
      await writing;
      return 'stored';
    } finally {
      this.#underWay.delete(chunk);
    }
  }

  /** Those under way have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }
}
