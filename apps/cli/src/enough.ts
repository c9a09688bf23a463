// When to stop serving by oneself: when so much was sent for what the content has.

import { UsageError } from '@shoal/machine';

export interface EnoughOptions {
  readonly seedRatio?: string;
}

export class Enough {
  readonly #ratio: number;
  readonly #met = Promise.withResolvers<void>();

  constructor({ seedRatio }: EnoughOptions) {
    this.#ratio = seedRatio === undefined ? Infinity : Number(seedRatio);
    if (!(this.#ratio > 0)) throw new UsageError('--seed-ratio', `"${seedRatio}" is not a number above 0`);
  }

  look({ sentBytes, totalBytes }: { readonly sentBytes: number; readonly totalBytes: number }): void {
    if (totalBytes > 0 && sentBytes >= this.#ratio * totalBytes) this.#met.resolve();
  }

  /** Resolves when it is enough; never unless something was said. */
  get met(): Promise<void> {
    return this.#met.promise;
  }
}
