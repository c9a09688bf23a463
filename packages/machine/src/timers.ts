// Many deadlines, one alarm: a machine keeps its timers here and tells its driver only the next one.

import { Heap } from './heap.ts';
import { type Instant, NEVER } from './time.ts';

interface Entry<Key> {
  readonly key: Key;
  readonly at: Instant;
  readonly order: number;
  /** Moved or cleared meanwhile. */
  isStale: boolean;
}

/**
 * Deadlines by key; setting a key again moves it. `set`, `clear` and `pop` cost O(log n) amortised: a moved or
 * cleared deadline stays in the heap until it surfaces, and the heap is rebuilt when more than half of it is stale.
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
    if (before !== undefined) before.isStale = true;
    const entry = { key, at, order: this.#orders++, isStale: false };
    this.#live.set(key, entry);
    this.#heap.push(entry);
    if (this.#heap.size > 2 * this.#live.size + 16) this.#rebuild();
  }

  clear(key: Key): void {
    const entry = this.#live.get(key);
    if (entry === undefined) return;
    entry.isStale = true;
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
    let entry = this.#heap.peek();
    for (; entry?.isStale === true; entry = this.#heap.peek()) this.#heap.pop();
    return entry;
  }

  #rebuild(): void {
    this.#heap = Timers.#newHeap<Key>();
    for (const entry of this.#live.values()) this.#heap.push(entry);
  }

  static #newHeap<Key>(): Heap<Entry<Key>> {
    return new Heap((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  }
}
