// Runs a machine against a real (or fake) clock: tell, drain, re-arm. The only loop a shell needs.

import { type Machine, Outbox } from './machine.ts';
import { type Instant, NEVER } from './time.ts';

/** A clock with alarms, from the world outside: `nodeClock` in `/node`, a fake one in tests. */
export interface Clock {
  now(): Instant;
  /** Calls `ring` once, not before `at` as far as the clock can tell; the answer cancels it. */
  alarm(at: Instant, ring: () => void): () => void;
}

/** Owns a machine: all calls go through `tell`, so that every one is followed by a drain and the alarm is right. */
export class Driver<Output, M extends Machine<Output>> {
  readonly machine: M;
  readonly #clock: Clock;
  readonly #perform: (output: Output, now: Instant) => void;
  readonly #waiting = new Outbox<(machine: M, now: Instant) => void>();
  #cancelAlarm: (() => void) | undefined;
  #alarmAt: Instant = NEVER;
  #busy = false;
  #stopped = false;

  constructor(machine: M, clock: Clock, perform: (output: Output, now: Instant) => void) {
    this.machine = machine;
    this.#clock = clock;
    this.#perform = perform;
  }

  /** Calls the machine and performs everything it answers. Called from within `perform`, it waits for the drain to end. */
  tell(call: (machine: M, now: Instant) => void): void {
    if (this.#busy) {
      this.#waiting.push(call);
      return;
    }
    this.#busy = true;
    try {
      for (let next: typeof call | undefined = call; next !== undefined; next = this.#waiting.poll()) {
        next(this.machine, this.#clock.now());
        for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll())
          this.#perform(output, this.#clock.now());
      }
    } finally {
      this.#busy = false;
    }
    this.#arm();
  }

  /** No alarm rings after this; the machine is left as it is. */
  stop(): void {
    this.#stopped = true;
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
  }

  #arm(): void {
    const at = this.machine.nextTimeout();
    if (this.#stopped || (at === this.#alarmAt && this.#cancelAlarm !== undefined)) return;
    this.#cancelAlarm?.();
    this.#alarmAt = at;
    this.#cancelAlarm = at === NEVER ? undefined : this.#clock.alarm(at, () => this.#ring());
  }

  #ring(): void {
    this.#cancelAlarm = undefined;
    this.tell((machine, now) => machine.handleTimeout(now));
  }
}
