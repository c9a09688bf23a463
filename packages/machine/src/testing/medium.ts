// What the parcels of a LinkNetwork travel through: a function for simple networks, an object for one whose load changes
// while parcels are under way.

import type { Instant } from '../time.ts';
import { Agenda } from './agenda.ts';

/** When `bytes` sent by `from` at `now` have arrived at `to`; must not go back in time for the same pair and kind. */
export type Carry = (from: number, to: number, bytes: number, now: Instant, kind: 'message' | 'body') => Instant;

/** Something under way from node to node. */
export interface Parcel {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly kind: 'message' | 'body';
  /** Happens to the receiver, once, when the last byte is there. */
  readonly arrive: (at: Instant) => void;
  /** May happen to it now and then before, with how many bytes are there. */
  readonly progress?: (bytes: number, at: Instant) => void;
  /** Happens to the sender when it may take everything to be there. */
  readonly delivered?: (at: Instant) => void;
}

/** What parcels travel through, where `Carry` is not enough: a network whose load changes while they are under way. */
export interface Medium {
  /** Where it puts what will happen to those it is on its way to. */
  readonly agenda: Agenda;
  /** Parcels of the same pair and kind arrive in order. */
  send(parcel: Parcel, now: Instant): void;
  /** The parcel is no longer wanted: it need not arrive. Harmless when it has. */
  cancel(parcel: Parcel, now: Instant): void;
  roundTripMs(a: number, b: number): number;
}

/** A medium in which the moment of sending decides everything. */
export class CarryMedium implements Medium {
  readonly agenda: Agenda = new Agenda();
  readonly #carry: Carry;
  #now: Instant | undefined;

  constructor(carry: Carry) {
    this.#carry = carry;
  }

  send(parcel: Parcel, now: Instant): void {
    this.#now = now;
    const arrivesAt = this.#carry(parcel.from, parcel.to, parcel.bytes, now, parcel.kind);
    this.agenda.add(parcel.to, arrivesAt, (at) => {
      this.#now = at;
      parcel.arrive(at);
    });
    if (parcel.delivered !== undefined) this.agenda.add(parcel.from, arrivesAt, parcel.delivered);
  }

  cancel(): void {
    // What is sent takes its time all the same; whoever gets it no longer waits for it.
  }

  roundTripMs(a: number, b: number): number {
    const now = this.#now!;
    return 2 * (this.#carry(a, b, 0, now, 'message') - now);
  }
}
