// Tables by column: typed arrays that grow. A row is a number; what is not kept in objects costs a few bytes and no
// collector ever walks over it.

type Column = Uint8Array | Int32Array | Uint32Array | Float64Array;

/** A longer copy; what is new is 0. */
export function resized<T extends Column>(column: T, length: number): T {
  const larger = new (column.constructor as new (length: number) => T)(length);
  larger.set(column);
  return larger;
}

/** Rows to make room for when `rows` are needed: a quarter more, so that growing costs O(1) a row. */
export const roomFor = (rows: number): number => rows + (rows >> 2) + 8;

/** Hands out rows, those given back first. */
export class Rows {
  readonly #free: number[] = [];
  #used = 0;

  /** Rows that are taken. */
  get size(): number {
    return this.#used - this.#free.length;
  }

  take(): number {
    return this.#free.pop() ?? this.#used++;
  }

  give(row: number): void {
    this.#free.push(row);
  }
}
