// A set of whole numbers kept as sorted, disjoint, half-open ranges: received packet numbers, the bytes of a stream
// that have arrived. Sets met in practice hold few ranges, so a sorted array beats a tree.

/** The numbers n with start <= n < end. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Of every empty set: most sets of a stream that lives for one request stay empty. Never written to. */
const noRanges: { start: number; end: number }[] = [];

/** A set of non-negative safe integers. Adding or removing costs O(ranges touched + ranges moved). */
export class RangeSet implements Iterable<Range> {
  #ranges = noRanges;

  /** How many ranges: the measure to limit when a stranger feeds the set. */
  get rangeCount(): number {
    return this.#ranges.length;
  }

  /** How many numbers. */
  get size(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  get first(): Range | undefined {
    return this.#ranges[0];
  }

  get last(): Range | undefined {
    return this.#ranges.at(-1);
  }

  [Symbol.iterator](): Iterator<Range> {
    return this.#ranges[Symbol.iterator]();
  }

  /** The ranges from the highest down, without copying the set. */
  *descending(): Generator<Range> {
    for (let i = this.#ranges.length - 1; i >= 0; i -= 1) yield this.#ranges[i]!;
  }

  has(number: number): boolean {
    const range = this.#ranges[this.#firstEndingAfter(number)];
    return range !== undefined && range.start <= number;
  }

  /** True when every number of [start, end) is in the set; an empty range always is. */
  hasRange(start: number, end: number): boolean {
    if (start >= end) return true;
    const range = this.#ranges[this.#firstEndingAfter(start)];
    return range !== undefined && range.start <= start && end <= range.end;
  }

  /** True when any number of [start, end) is in the set. */
  intersects(start: number, end: number): boolean {
    const range = this.#ranges[this.#firstEndingAfter(start)];
    return range !== undefined && range.start < end && start < end;
  }

  /** Adds [start, end); returns how many of its numbers are new. */
  add(start: number, end: number): number {
    if (start >= end) return 0;
    const ranges = this.#ranges;
    const last = ranges.at(-1);
    if (last === undefined) {
      this.#ranges = [{ start, end }]; // pushing onto an empty array makes room for seventeen
      return end - start;
    }
    // The common case, in order: extend the last range or open a new one behind it.
    if (start > last.end) {
      ranges.push({ start, end });
      return end - start;
    }
    const from = this.#firstEndingAfter(start - 1);
    let to = from;
    let [newStart, newEnd, covered] = [start, end, 0];
    for (; to < ranges.length && ranges[to]!.start <= end; to += 1) {
      const range = ranges[to]!;
      covered += Math.max(0, Math.min(range.end, end) - Math.max(range.start, start));
      newStart = Math.min(newStart, range.start);
      newEnd = Math.max(newEnd, range.end);
    }
    if (to === from + 1) {
      ranges[from]!.start = newStart;
      ranges[from]!.end = newEnd;
    } else ranges.splice(from, to - from, { start: newStart, end: newEnd });
    return end - start - covered;
  }

  /** Removes [start, end). */
  remove(start: number, end: number): void {
    if (start >= end || this.#ranges.length === 0) return;
    const ranges = this.#ranges;
    const from = this.#firstEndingAfter(start);
    let to = from;
    const rest: { start: number; end: number }[] = [];
    for (; to < ranges.length && ranges[to]!.start < end; to += 1) {
      const range = ranges[to]!;
      if (range.start < start) rest.push({ start: range.start, end: start });
      if (range.end > end) rest.push({ start: end, end: range.end });
    }
    ranges.splice(from, to - from, ...rest);
  }

  /** The ranges of [start, end) that are not in the set, in order. */
  *gaps(start: number, end: number): Generator<Range> {
    let at = start;
    for (let i = this.#firstEndingAfter(start); i < this.#ranges.length && at < end; i += 1) {
      const range = this.#ranges[i]!;
      if (range.start >= end) break;
      if (at < range.start) yield { start: at, end: range.start };
      at = range.end;
    }
    if (at < end) yield { start: at, end };
  }

  clear(): void {
    this.#ranges = noRanges;
  }

  /** The index of the first range whose end is above `number`. */
  #firstEndingAfter(number: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ranges[middle]!.end > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
