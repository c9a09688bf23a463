// The end of a transfer: when all that is wanted is held, the store puts it under its name. A disk that is full just then
// is tried again; any other trouble ends the transfer.

import { after, type ErrorCode, type Instant, NEVER } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';

const retryMs = 5_000; // how often a full disk is tried again

export class Finishing {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  #retryAt: Instant = NEVER;
  #hasBegun = false;
  #isDone = false;

  constructor(swarm: SwarmId, host: SwarmHost) {
    this.#swarm = swarm;
    this.#host = host;
  }

  /** From here on it is decided what is wanted. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#order();
  }

  done(): void {
    this.#hasBegun = true;
    this.#isDone = true;
  }

  failed(code: ErrorCode, now: Instant): void {
    if (code !== 'diskFull') return this.#host.failed(this.#swarm, code);
    this.#host.emit({ type: 'paused', swarm: this.#swarm, code });
    this.#retryAt = after(now, retryMs);
  }

  nextTimeout(): Instant {
    return this.#retryAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#retryAt) return;
    this.#retryAt = NEVER;
    this.#order();
  }

  #order(): void {
    this.#host.order({ type: 'finishStore', swarm: this.#swarm });
  }
}
