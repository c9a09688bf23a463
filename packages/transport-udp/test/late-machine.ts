// A machine whose process is late: now and then its event loop stands still, and what arrives meanwhile waits in the
// socket. Timers ring at whole milliseconds.

import { type Address, type Instant, instant, type Rng } from '@shoal/machine';
import type { DatagramMachine, Transmit } from '../src/datagram-machine.ts';

export interface Lateness {
  /** Means of exponential distributions. */
  readonly everyMs: number;
  readonly forMs: number;
}

export class LateMachine<Output> implements DatagramMachine<Output> {
  readonly #machine: DatagramMachine<Output>;
  readonly #lateness: Lateness;
  readonly #rng: Rng;
  readonly #waiting: { readonly bytes: Uint8Array; readonly from: Address }[] = [];
  #now = 0;
  #stillFrom: number;
  #stillUntil = 0;

  constructor(machine: DatagramMachine<Output>, lateness: Lateness, rng: Rng) {
    this.#machine = machine;
    this.#lateness = lateness;
    this.#rng = rng;
    this.#stillFrom = this.#draw(lateness.everyMs);
  }

  handleDatagram(bytes: Uint8Array, from: Address, now: Instant): void {
    if (this.#standsStill(now)) this.#waiting.push({ bytes: bytes.slice(), from });
    else this.#machine.handleDatagram(bytes, from, now);
  }

  poll(): Output | undefined {
    return this.#machine.poll();
  }

  pollTransmit(buffer: Uint8Array, now: Instant): Transmit | undefined {
    return this.#standsStill(now) ? undefined : this.#machine.pollTransmit(buffer, now);
  }

  nextTimeout(): Instant {
    const at = Math.ceil(this.#machine.nextTimeout());
    if (this.#now >= this.#stillUntil) return instant(at);
    return instant(Math.max(this.#waiting.length > 0 ? 0 : at, this.#stillUntil));
  }

  handleTimeout(now: Instant): void {
    if (!this.#standsStill(now) && this.#machine.nextTimeout() <= now) this.#machine.handleTimeout(now);
  }

  #standsStill(now: Instant): boolean {
    this.#now = now;
    while (now >= this.#stillFrom) {
      this.#stillUntil = this.#stillFrom + this.#draw(this.#lateness.forMs);
      this.#stillFrom = this.#stillUntil + this.#draw(this.#lateness.everyMs);
    }
    if (now < this.#stillUntil) return true;
    for (const { bytes, from } of this.#waiting.splice(0)) this.#machine.handleDatagram(bytes, from, now);
    return false;
  }

  #draw(meanMs: number): number {
    return -Math.log(1 - this.#rng.float()) * meanMs;
  }
}
