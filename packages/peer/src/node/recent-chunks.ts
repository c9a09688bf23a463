// Chunks that were verified and written a moment ago. In a young swarm everybody asks for just these, so they are served
// from memory instead of being read and verified again.

/** At most `bytesMax` of chunks; the oldest goes first. Keeps references: what is put in must never change. */
export class RecentChunks {
  readonly #bytesMax: number;
  readonly #chunks = new Map<number, Uint8Array>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  put(chunk: number, body: Uint8Array): void {
    if (this.#chunks.has(chunk)) return;
    this.#chunks.set(chunk, body);
    this.#bytes += body.length;
    for (const [oldest, { length }] of this.#chunks) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#chunks.delete(oldest);
      this.#bytes -= length;
    }
  }

  get(chunk: number): Uint8Array | undefined {
    return this.#chunks.get(chunk);
  }
}
