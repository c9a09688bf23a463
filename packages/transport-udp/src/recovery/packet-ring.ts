// Numbers kept by packet number for the packets that still matter: one row a packet, in a ring that doubles when it is
// full. So the hot path allocates nothing, and what is known of a packet stands together in memory.

/** Rows to begin with: an idle connection should cost little. A power of two. */
const firstRows = 16;

export class PacketRing {
  readonly #fields: number;
  #mask = firstRows - 1;
  #rows: Float64Array;

  /** `fields`: how many numbers a packet has. */
  constructor(fields: number) {
    this.#fields = fields;
    this.#rows = new Float64Array(firstRows * fields);
  }

  /** Packets it has room for: the latest so many. */
  get size(): number {
    return this.#mask + 1;
  }

  get(n: number, field: number): number {
    return this.#rows[(n & this.#mask) * this.#fields + field]!;
  }

  set(n: number, field: number, value: number): void {
    this.#rows[(n & this.#mask) * this.#fields + field] = value;
  }

  /** Makes room for packet `n` without losing those from `lowest` on. */
  reserve(n: number, lowest: number): void {
    if (n - lowest <= this.#mask) return;
    const [from, oldMask, fields] = [this.#rows, this.#mask, this.#fields];
    let size = oldMask + 1;
    while (n - lowest >= size) size *= 2;
    this.#rows = new Float64Array(size * fields);
    this.#mask = size - 1;
    for (let i = Math.max(lowest, n - oldMask - 1); i < n; i += 1) {
      const at = (i & oldMask) * fields;
      this.#rows.set(from.subarray(at, at + fields), (i & this.#mask) * fields);
    }
  }
}
