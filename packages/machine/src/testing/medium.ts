// What the parcels of a LinkNetwork travel through: a function for simple networks, an object for one whose load changes
// while parcels are under way.

import { Heap } from '../heap.ts';
import { type Instant, NEVER } from '../time.ts';

/** When `bytes` sent by `from` at `now` have arrived at `to`; must not go back in time for the same pair and kind. */
export type Carry = (from: number, to: number, bytes: number, now: Instant, kind: 'message' | 'body') => Instant;

/** Something under way from node to node. */
export interface Parcel {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly kind: 'message' | 'body';
  /** Called once, when the last byte is there. */
  readonly arrive: (at: Instant) => void;
  /** May be called now and then before, with how many bytes are there. */
  readonly progress: (bytes: number, at: Instant) => void;
}

/** What parcels travel through, where `Carry` is not enough: a network whose load changes while they are under way. */
export interface Medium {
  /** Parcels of the same pair and kind arrive in order, from within `handleTimeout`. */
  send(parcel: Parcel, now: Instant): void;
  /** The parcel is no longer wanted: it need not arrive. Harmless when it has. */
  cancel(parcel: Parcel, now: Instant): void;
  roundTripMs(a: number, b: number): number;
  nextTimeout(): Instant;
  handleTimeout(now: Instant): void;
}

/** A medium in which the moment of sending decides everything. */
export class CarryMedium implements Medium {
  readonly #carry: Carry;
  readonly #arrivals = new Heap<{ readonly at: Instant; readonly order: number; readonly parcel: Parcel }>(
    (a, b) => a.at < b.at || (a.at === b.at && a.order < b.order),
  );
  #orders = 0;
  #now: Instant | undefined;

  constructor(carry: Carry) {
    this.#carry = carry;
  }

  send(parcel: Parcel, now: Instant): void {
    this.#now = now;
    const at = this.#carry(parcel.from, parcel.to, parcel.bytes, now, parcel.kind);
    this.#arrivals.push({ at, order: this.#orders++, parcel });
  }

  cancel(): void {
    // What is sent takes its time all the same; whoever gets it no longer waits for it.
  }

  roundTripMs(a: number, b: number): number {
    const now = this.#now!;
    return 2 * (this.#carry(a, b, 0, now, 'message') - now);
  }

  nextTimeout(): Instant {
    return this.#arrivals.peek()?.at ?? NEVER;
  }

  handleTimeout(now: Instant): void {
    for (let next = this.#arrivals.peek(); next !== undefined && next.at <= now; next = this.#arrivals.peek()) {
      this.#arrivals.pop();
      this.#now = next.at;
      next.parcel.arrive(next.at);
    }
  }
}
