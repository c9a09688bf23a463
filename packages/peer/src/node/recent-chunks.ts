// Chunks that were verified and written a moment ago. In a young swarm everybody asks for just these, so they are served
// from memory instead of being read and verified again.

interface Recent {
  readonly body: Uint8Array;
  /** Somebody has it now, for who knows how long. */
  given: boolean;
}

/** At most `bytesMax` of chunks; the oldest goes first. Keeps references: what is put in must not change while it is here. */
export class RecentChunks {
  readonly #bytesMax: number;
  readonly #recycle: (body: Uint8Array) => void;
  readonly #chunks = new Map<number, Recent>();
  #bytes = 0;

  /** `recycle` is told of bodies that went and that nobody has asked for: nobody else looks at those. */
  constructor(bytesMax: number, recycle: (body: Uint8Array) => void) {
    this.#bytesMax = bytesMax;
    this.#recycle = recycle;
  }

  put(chunk: number, body: Uint8Array): void {
    if (this.#chunks.has(chunk)) return;
    this.#chunks.set(chunk, { body, given: false });
    this.#bytes += body.length;
    for (const [oldest, recent] of this.#chunks) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#chunks.delete(oldest);
      this.#bytes -= recent.body.length;
      if (!recent.given) this.#recycle(recent.body);
    }
  }

  get(chunk: number): Uint8Array | undefined {
    const recent = this.#chunks.get(chunk);
    if (recent !== undefined) recent.given = true;
    return recent?.body;
  }
}
