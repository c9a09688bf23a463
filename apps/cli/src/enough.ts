// When to stop serving by oneself: when so much was sent for what the content has, or so many others have all of it.

import { type PeerId, UsageError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { readCount } from './options.ts';

const copiesMax = 1_000_000;

export interface EnoughOptions {
  readonly seedRatio?: string;
  readonly copies?: string;
}

export class Enough {
  readonly #ratio: number;
  readonly #copies: number;
  readonly #complete = new Set<PeerId>();
  readonly #met = Promise.withResolvers<void>();

  constructor({ seedRatio, copies }: EnoughOptions) {
    this.#ratio = seedRatio === undefined ? Infinity : Number(seedRatio);
    if (!(this.#ratio > 0)) throw new UsageError('--seed-ratio', `"${seedRatio}" is not a number above 0`);
    this.#copies = copies === undefined ? Infinity : readCount('--copies', copies, [1, copiesMax]);
  }

  /** Whoever comes with all of it counts as well. */
  handle(event: SessionEvent): void {
    if (event.type !== 'remoteCompleted') return;
    this.#complete.add(event.peer);
    if (this.#complete.size >= this.#copies) this.#met.resolve();
  }

  look({ sentBytes, totalBytes }: { readonly sentBytes: number; readonly totalBytes: number }): void {
    if (totalBytes > 0 && sentBytes >= this.#ratio * totalBytes) this.#met.resolve();
  }

  /** Resolves when it is enough; never unless something was said. */
  get met(): Promise<void> {
    return this.#met.promise;
  }
}
