// Many deadlines, one alarm: a machine keeps its timers here and tells its driver only the next one.

import { Heap } from './heap.ts';
import { type Instant, NEVER } from './time.ts';

interface Entry<Key> {
  readonly key: Key;
  /** When it is due; `NEVER` when it was cleared. */
  at: Instant;
  order: number;
  /** Where the heap has it: not later than it is due. */
  heapAt: Instant;
  heapOrder: number;
}

/**
 * Deadlines by key; setting a key again moves it. `set`, `clear` and `pop` cost O(log n) amortised. Most deadlines move
 * later, again and again: such a one stays where it is in the heap and finds its new place when it surfaces. The heap is
 * rebuilt when more than half of it has moved to an earlier place or was cleared.
 */
export class Timers<Key> {
  #heap = Timers.#newHeap<Key>();
  readonly #live = new Map<Key, Entry<Key>>();
  #orders = 0;

  /** How many deadlines are set. */
  get size(): number {
    return this.#live.size;
  }

  set(key: Key, at: Instant): void {
    if (at === NEVER) return this.clear(key);
    const before = this.#live.get(key);
    if (before?.at === at) return;
    const order = this.#orders++;
    if (before !== undefined && at >= before.heapAt) {
      before.at = at;
      before.order = order;
      return;
    }
    if (before !== undefined) before.at = NEVER;
    const entry = { key, at, order, heapAt: at, heapOrder: order };
    this.#live.set(key, entry);
    this.#heap.push(entry);
    if (this.#heap.size > 2 * this.#live.size + 16) this.#rebuild();
  }

  clear(key: Key): void {
    const entry = this.#live.get(key);
    if (entry === undefined) return;
    entry.at = NEVER;
    this.#live.delete(key);
  }

  /** When `key` is due; `NEVER` when it is not set. */
  at(key: Key): Instant {
    return this.#live.get(key)?.at ?? NEVER;
  }

  /** The next deadline; `NEVER` when none is set. */
  next(): Instant {
    return this.#first()?.at ?? NEVER;
  }

  /** Takes one key that is due at `now`, earliest first (first set first among equals), or undefined. */
  pop(now: Instant): Key | undefined {
    const first = this.#first();
    if (first === undefined || first.at > now) return undefined;
    this.#heap.pop();
    this.#live.delete(first.key);
    return first.key;
  }

  #first(): Entry<Key> | undefined {
    for (let entry = this.#heap.peek(); entry !== undefined; entry = this.#heap.peek()) {
      if (entry.at === entry.heapAt && entry.order === entry.heapOrder) return entry;
      this.#heap.pop();
      if (entry.at !== NEVER) this.#push(entry);
    }
    return undefined;
  }

  #push(entry: Entry<Key>): void {
    entry.heapAt = entry.at;
    entry.heapOrder = entry.order;
    this.#heap.push(entry);
  }

  #rebuild(): void {
    this.#heap = Timers.#newHeap<Key>();
    for (const entry of this.#live.values()) this.#push(entry);
  }

  static #newHeap<Key>(): Heap<Entry<Key>> {
    return new Heap((a, b) => a.heapAt < b.heapAt || (a.heapAt === b.heapAt && a.heapOrder < b.heapOrder));
  }
}
