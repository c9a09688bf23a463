// How long a transfer may stand still, and what to say when it stood still too long.

import { type ErrorCode, ShoalError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import type { Transfer, TransferProgress } from '@shoal/peer/node';
import type { Trackers } from './trackers.ts';
import { formatBytes } from './text/units.ts';

/** Watches one transfer; `signal` aborts when nothing has come for the time it was given. */
export class Patience implements Disposable {
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  #seenBytes = 0;
  #pausedBy: ErrorCode | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#timer = this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Looks at the transfer; any byte that came renews the time. */
  look({ heldBytes, receivedBytes }: TransferProgress): void {
    if (heldBytes + receivedBytes === this.#seenBytes) return;
    this.#seenBytes = heldBytes + receivedBytes;
    this.renew();
  }

  /** Something else has come on. */
  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
  }

  handle(event: SessionEvent): void {
    if (event.type === 'paused') this.#pausedBy = event.code;
    if (event.type === 'resumed') this.#pausedBy = undefined;
  }

  /** What the end of a transfer means for the person: the error itself, unless it was this patience that ended it. */
  explain(error: unknown, transfer: Transfer, trackers: Trackers): unknown {
    if (!this.signal.aborted) return error;
    const { heldBytes, totalBytes } = transfer.progress();
    const { name } = transfer.ticket;
    const goOn = 'run the same command to go on where it stopped';
    if (this.#pausedBy === 'diskFull')
      return new ShoalError(
        'diskFull',
        `the disk is full: make room for ${formatBytes(totalBytes - heldBytes)}, then ${goOn}`,
      );
    const silence = `nothing has come for ${this.#timeoutMs / 1000} s`;
    if (heldBytes > 0)
      return new ShoalError(
        'unfinished',
        `${name}: ${silence}, ${formatBytes(heldBytes)} of ${formatBytes(totalBytes)} are here; ${goOn}`,
      );
    return (
      trackers.trouble() ??
      new ShoalError('timedOut', `${name}: ${silence}: nobody who has it can be reached now; try again later`)
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), this.#timeoutMs);
  }
}
