// Promises for things that happen more than once: everybody who waits is woken at the next happening, or fails when it
// can never come or the caller's signal says stop.

import type { ShoalError } from '@shoal/machine';
import { abortedError } from './transport-errors.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: ShoalError) => void;
}

/** Shared, and never changed: most of what can be waited for nobody waits for. */
const nobody: Waiter[] = [];

export class Waiting {
  #waiters: Waiter[] = nobody;
  #failure: ShoalError | undefined;

  /** The next happening. Rejects with the failure, or ShoalError `aborted`. */
  next(signal?: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal?.aborted === true) return Promise.reject(abortedError(signal));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#add(signal === undefined ? { resolve, reject } : this.#abortable(signal, resolve, reject));
    return promise;
  }

  /** It has happened. */
  happen(): void {
    for (const { resolve } of this.#takeAll()) resolve();
  }

  /** It will never happen again: everybody who waits, or will, gets `error`. */
  fail(error: ShoalError): void {
    this.#failure ??= error;
    for (const { reject } of this.#takeAll()) reject(this.#failure);
  }

  #abortable(signal: AbortSignal, resolve: Waiter['resolve'], reject: Waiter['reject']): Waiter {
    const abort = (): void => {
      this.#waiters = this.#waiters.filter((one) => one !== waiter);
      reject(abortedError(signal));
    };
    const settled = (): void => signal.removeEventListener('abort', abort);
    const waiter: Waiter = {
      resolve: () => (settled(), resolve()),
      reject: (error) => (settled(), reject(error)),
    };
    signal.addEventListener('abort', abort, { once: true });
    return waiter;
  }

  #add(waiter: Waiter): void {
    if (this.#waiters === nobody) this.#waiters = [waiter];
    else this.#waiters.push(waiter);
  }

  #takeAll(): readonly Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = nobody;
    return waiters;
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
