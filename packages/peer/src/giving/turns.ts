// Whose request is served next: remotes take turns, each with its requests in order. An order by merit (tit for tat with
// an optimistic turn, BEP 3) is another body of the same few methods.

import type { RequestId } from '@shoal/machine';
import type { Remote } from '../remote.ts';

const waitingMax = 512; // requests of one remote that wait; further ones are refused as `busy`

/** A request that waits. */
export interface Waiting {
  readonly remote: Remote;
  readonly request: RequestId;
  readonly chunk: number;
}

export class Turns {
  /** In the order of their turns: whoever was served goes to the end. */
  readonly #queues = new Map<Remote, Waiting[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False when the remote has too many waiting. */
  add(waiting: Waiting): boolean {
    const queue = this.#queues.get(waiting.remote);
    if (queue !== undefined && queue.length >= waitingMax) return false;
    if (queue === undefined) this.#queues.set(waiting.remote, [waiting]);
    else queue.push(waiting);
    this.#size += 1;
    return true;
  }

  /** The next to be served. */
  peek(): Waiting | undefined {
    const [queue] = this.#queues.values();
    return queue?.[0];
  }

  take(): Waiting | undefined {
    const [first] = this.#queues;
    if (first === undefined) return undefined;
    const [remote, queue] = first;
    const waiting = queue.shift();
    this.#queues.delete(remote);
    if (queue.length > 0) this.#queues.set(remote, queue);
    this.#size -= 1;
    return waiting;
  }

  /** Takes one request out; undefined when it does not wait here. */
  cancel(remote: Remote, request: RequestId): Waiting | undefined {
    const queue = this.#queues.get(remote);
    const place = queue?.findIndex((waiting) => waiting.request === request) ?? -1;
    if (queue === undefined || place < 0) return undefined;
    const [waiting] = queue.splice(place, 1);
    this.#size -= 1;
    if (queue.length === 0) this.#queues.delete(remote);
    return waiting;
  }

  drop(remote: Remote): void {
    this.#size -= this.#queues.get(remote)?.length ?? 0;
    this.#queues.delete(remote);
  }

  takeAll(): Waiting[] {
    const all = [...this.#queues.values()].flat();
    this.#queues.clear();
    this.#size = 0;
    return all;
  }
}
