// What is going to happen to each of many nodes in virtual time. Every node has a queue of its own, so that whoever runs
// them may let one do all it has for a while before the next gets its turn.

import { type Instant, NEVER } from '../time.ts';

/** What happens at a moment. */
type Happen = (at: Instant) => void;

export class Agenda {
  readonly #queues: Queue[] = [];
  /** When each node's first happening is, side by side: all of them are looked through again and again. */
  readonly #next: Instant[] = [];
  #orders = 0;

  /** Happenings of a node are in the order of their moments, and those of one moment in the order of `add`. */
  add(node: number, at: Instant, happen: Happen): void {
    if (at === NEVER) return;
    while (node >= this.#next.length) {
      this.#queues.push(new Queue());
      this.#next.push(NEVER);
    }
    this.#queues[node]!.push(at, this.#orders++, happen);
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
    if (queue === undefined || queue.at === NEVER) return;
    const { at } = queue;
    const happen = queue.pop();
    this.#next[node] = queue.at;
    happen(at);
  }

  /** Everything up to a moment happens, in the order of time, and of `add` within a moment. */
  happenUntil(now: Instant): void {
    for (let at = this.next(); at <= now; at = this.next()) {
      let node = this.#next.indexOf(at);
      for (let other = node + 1; other < this.#next.length; other += 1)
        if (this.#next[other] === at && this.#queues[other]!.order < this.#queues[node]!.order) node = other;
      this.happen(node);
    }
  }
}

/**
 * The happenings of one node as a binary heap by moment and order. What is compared lies side by side and apart from what
 * happens: of a large swarm hardly anything is in the processor's caches, and an object for each would be fetched anew.
 */
class Queue {
  readonly #ats: Instant[] = [];
  readonly #orders: number[] = [];
  readonly #happens: Happen[] = [];

  /** When the first is; `NEVER` when there is none. */
  get at(): Instant {
    return this.#ats[0] ?? NEVER;
  }

  get order(): number {
    return this.#orders[0]!;
  }

  push(at: Instant, order: number, happen: Happen): void {
    let hole = this.#ats.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.#isAfter(parent, at, order)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#place(hole, at, order, happen);
  }

  /** Takes the first; there must be one. */
  pop(): Happen {
    const first = this.#happens[0]!;
    const [at, order, happen] = [this.#ats.pop()!, this.#orders.pop()!, this.#happens.pop()!];
    const size = this.#ats.length;
    if (size === 0) return first;
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && this.#isAfter(child, this.#ats[child + 1]!, this.#orders[child + 1]!)) child += 1;
      if (this.#isAfter(child, at, order)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#place(hole, at, order, happen);
    return first;
  }

  #isAfter(place: number, at: Instant, order: number): boolean {
    const own = this.#ats[place]!;
    return own > at || (own === at && this.#orders[place]! > order);
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#ats[from]!, this.#orders[from]!, this.#happens[from]!);
  }

  #place(place: number, at: Instant, order: number, happen: Happen): void {
    this.#ats[place] = at;
    this.#orders[place] = order;
    this.#happens[place] = happen;
  }
}
