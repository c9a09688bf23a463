// Chunks that were verified and written a moment ago. In a young swarm everybody asks for just these, so they are served
// from memory instead of being read and verified again.

import type { BodyHolders } from './body-holders.ts';

/** At most `bytesMax` of chunks; the oldest goes first. Keeps references: what is put in must not change while it is here. */
export class RecentChunks {
  readonly #bytesMax: number;
  readonly #holders: BodyHolders;
  readonly #chunks = new Map<number, Uint8Array>();
  #bytes = 0;

  constructor(bytesMax: number, holders: BodyHolders) {
    this.#bytesMax = bytesMax;
    this.#holders = holders;
  }

  put(chunk: number, body: Uint8Array): void {
    if (this.#chunks.has(chunk)) return;
    this.#chunks.set(chunk, body);
    this.#holders.hold(body);
    this.#bytes += body.length;
    for (const [oldest, gone] of this.#chunks) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#chunks.delete(oldest);
      this.#bytes -= gone.length;
      this.#holders.drop(gone);
    }
  }

  get(chunk: number): Uint8Array | undefined {
    return this.#chunks.get(chunk);
  }
}
