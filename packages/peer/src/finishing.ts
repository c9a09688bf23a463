// The end of a transfer: when all that is wanted is held, the store puts it under its name. A disk that is full just then
// is tried again, and what a store has lost meanwhile is fetched again first; any other trouble ends the transfer.

import { after, type ErrorCode, type Instant, NEVER } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';

const retryMs = 5_000; // how often it is tried again

export class Finishing {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #isComplete: () => boolean;
  #retryAt: Instant = NEVER;
  #hasBegun = false;
  #isDone = false;

  /** `isComplete` tells whether all that is wanted is held. */
  constructor(swarm: SwarmId, host: SwarmHost, isComplete: () => boolean) {
    this.#swarm = swarm;
    this.#host = host;
    this.#isComplete = isComplete;
  }

  /** From here on it is decided what is wanted. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** If all is there. */
  begin(): void {
    if (this.#hasBegun || !this.#isComplete()) return;
    this.#hasBegun = true;
    this.#order();
  }

  done(): void {
    this.#hasBegun = true;
    this.#isDone = true;
  }

  failed(code: ErrorCode, now: Instant): void {
    if (code === 'diskFull') this.#host.emit({ type: 'paused', swarm: this.#swarm, code });
    else if (code === 'unfinished') this.#hasBegun = false;
    else return this.#host.failed(this.#swarm, code);
    this.#retryAt = after(now, retryMs);
  }

  nextTimeout(): Instant {
    return this.#retryAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#retryAt) return;
    this.#retryAt = NEVER;
    if (this.#hasBegun) this.#order();
    else this.begin();
  }

  #order(): void {
    this.#host.order({ type: 'finishStore', swarm: this.#swarm });
  }
}
