// What is going to happen to each of many nodes in virtual time. Every node has a queue of its own, so that whoever runs
// them may let one do all it has for a while before the next gets its turn.

import { Heap } from '../heap.ts';
import { type Instant, NEVER } from '../time.ts';

interface Happening {
  readonly at: Instant;
  readonly order: number;
  readonly happen: (at: Instant) => void;
}

export class Agenda {
  readonly #queues: Heap<Happening>[] = [];
  /** When each node's first happening is, side by side: all of them are looked through again and again. */
  readonly #next: Instant[] = [];
  #orders = 0;

  /** Happenings of a node are in the order of their moments, and those of one moment in the order of `add`. */
  add(node: number, at: Instant, happen: (at: Instant) => void): void {
    if (at === NEVER) return;
    while (node >= this.#next.length) {
      this.#queues.push(new Heap((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order)));
      this.#next.push(NEVER);
    }
    this.#queues[node]!.push({ at, order: this.#orders++, happen });
    if (at < this.#next[node]!) this.#next[node] = at;
  }

  /** When the node's next happening is; `NEVER` when there is none. */
  nextOf(node: number): Instant {
    return this.#next[node] ?? NEVER;
  }

  /** When the next happening of all is. */
  next(): Instant {
    let first = NEVER;
    for (const at of this.#next) if (at < first) first = at;
    return first;
  }

  /** The node's next happening happens. */
  happen(node: number): void {
    const queue = this.#queues[node];
    const first = queue?.pop();
    if (queue === undefined || first === undefined) return;
    this.#next[node] = queue.peek()?.at ?? NEVER;
    first.happen(first.at);
  }

  /** Everything up to a moment happens, in the order of time, and of `add` within a moment. */
  happenUntil(now: Instant): void {
    for (let at = this.next(); at <= now; at = this.next()) {
      let node = this.#next.indexOf(at);
      for (let other = node + 1; other < this.#next.length; other += 1)
        if (this.#next[other] === at && this.#orderOf(other) < this.#orderOf(node)) node = other;
      this.happen(node);
    }
  }

  #orderOf(node: number): number {
    return this.#queues[node]!.peek()!.order;
  }
}
