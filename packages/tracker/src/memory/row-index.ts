// Finds a row by what is in it: a hash table of row numbers alone (open addressing, linear probing). What a row holds
// stays in its columns.

/** More than this much of the table in use and it is doubled. */
const loadMax = 0.75;

export class RowIndex {
  readonly #hashOf: (row: number) => number;
  #cells = new Int32Array(16); // row + 1; 0 is free
  #size = 0;

  /** `hashOf` gives 32 bits for a row that is in the index. */
  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The row with this hash that `matches`, or -1. */
  find(hash: number, matches: (row: number) => boolean): number {
    const mask = this.#cells.length - 1;
    for (let cell = hash & mask; ; cell = (cell + 1) & mask) {
      const row = this.#cells[cell]! - 1;
      if (row < 0 || matches(row)) return row;
    }
  }

  add(row: number): void {
    this.#size += 1;
    if (this.#size > this.#cells.length * loadMax) this.#double();
    this.#put(row);
  }

  /** Called before the row's columns change. */
  remove(row: number): void {
    this.#size -= 1;
    const cells = this.#cells;
    const mask = cells.length - 1;
    let hole = this.#hashOf(row) & mask;
    while (cells[hole] !== row + 1) hole = (hole + 1) & mask;
    // Rows after the hole move up, unless they stand before their own place then.
    for (let cell = (hole + 1) & mask; cells[cell] !== 0; cell = (cell + 1) & mask) {
      const wanted = this.#hashOf(cells[cell]! - 1) & mask;
      if (((cell - wanted) & mask) < ((cell - hole) & mask)) continue;
      cells[hole] = cells[cell]!;
      hole = cell;
    }
    cells[hole] = 0;
  }

  #put(row: number): void {
    const mask = this.#cells.length - 1;
    let cell = this.#hashOf(row) & mask;
    while (this.#cells[cell] !== 0) cell = (cell + 1) & mask;
    this.#cells[cell] = row + 1;
  }

  #double(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(2 * old.length);
    for (const cell of old) if (cell !== 0) this.#put(cell - 1);
  }
}

/** Spreads 32 bits over 32 bits (the finaliser of MurmurHash3). */
export function mixed(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
