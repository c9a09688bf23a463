// Promises for things that happen more than once: everybody who waits is woken at the next happening, or fails when it
// can never come or the caller's signal says stop.

import type { ShoalError } from '@shoal/machine';
import { abortedError } from './transport-errors.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: ShoalError) => void;
}

export class Waiting {
  readonly #waiters = new Set<Waiter>();
  #failure: ShoalError | undefined;

  /** The next happening. Rejects with the failure, or ShoalError `aborted`. */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (signal?.aborted === true) return reject(abortedError(signal));
      const abort = (): void => settle(() => reject(abortedError(signal!)));
      const settle = (how: () => void): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', abort);
        how();
      };
      const waiter = { resolve: () => settle(resolve), reject: (error: ShoalError) => settle(() => reject(error)) };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** It has happened. */
  happen(): void {
    for (const { resolve } of this.#waiters) resolve();
  }

  /** It will never happen again: everybody who waits, or will, gets `error`. */
  fail(error: ShoalError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiters) reject(this.#failure);
  }
}

/** Things that arrive and are taken one by one, in order. Ends, or fails, behind what has arrived. */
export class Arrivals<T> implements AsyncIterableIterator<T, undefined> {
  readonly #items: T[] = [];
  readonly #arrived = new Waiting();
  #ended = false;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#arrived.happen();
  }

  /** Nothing more will arrive. */
  end(): void {
    this.#ended = true;
    this.#arrived.happen();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#items.length === 0 && !this.#ended) await this.#arrived.next();
    return this.#items.length > 0 ? { done: false, value: this.#items.shift()! } : { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
