// The one contract (law 2): a machine is told facts and commands together with `now`, answers with outputs
// (orders and events), and names the next moment at which it wants to be called.
// Every call is followed by a complete drain of its outputs. An early timer is harmless.

import type { Instant } from './time.ts';

/** A state machine without IO. Facts and commands come in by methods of its own (`handle…`, or imperative verbs). */
export interface Machine<Output> {
  /** The next output of the last call, oldest first; undefined when drained. */
  poll(): Output | undefined;
  /** The next moment at which it wants `handleTimeout`; `NEVER` when it waits for none. */
  nextTimeout(): Instant;
  /** It is `now`: does whatever is due. Harmless when nothing is. */
  handleTimeout(now: Instant): void;
}

/** Places that a drained queue keeps for later: most hold one output at a time, and would grow for each anew. */
const placesKept = 1_024;

/** A first-in, first-out queue of outputs. Taking one costs O(1) amortised and leaves no reference behind. */
export class Outbox<Output> {
  #items: (Output | undefined)[] = [];
  #head = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#head;
  }

  push(output: Output): void {
    this.#items[this.#end] = output;
    this.#end += 1;
  }

  poll(): Output | undefined {
    if (this.#head === this.#end) return undefined;
    const output = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#end && this.#end <= placesKept) this.#head = this.#end = 0;
    else if (this.#head > placesKept) {
      this.#items = this.#items.slice(this.#head, this.#end);
      this.#head = 0;
      this.#end = this.#items.length;
    }
    return output;
  }
}

/** Everything the machine has to say after a call, in order. */
export function drain<Output>(machine: Pick<Machine<Output>, 'poll'>): Output[] {
  const outputs: Output[] = [];
  for (let output = machine.poll(); output !== undefined; output = machine.poll()) outputs.push(output);
  return outputs;
}
