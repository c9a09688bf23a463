// The dials of an endpoint that their remote has not confirmed yet, by address: a first packet from such an address is
// the remote dialling us at the same moment, as two sides behind NATs do to let each other in.

import { type Address, formatAddress } from '@shoal/machine';
import type { ConnectionId } from '../packet/header.ts';

/** A dial in progress. */
interface Entry {
  readonly address: string;
  /** The id it was dialled with. */
  readonly id: ConnectionId;
  /** First words of the ids it answers the remote's dials with. */
  readonly answers: number[];
}

export class Dials<Dial> {
  readonly #entries = new Map<Dial, Entry>();
  readonly #byAddress = new Map<string, Set<Dial>>();
  readonly #byAnswer = new Map<number, Dial>();

  add(dial: Dial, address: Address, id: ConnectionId): void {
    const key = formatAddress(address);
    this.#entries.set(dial, { address: key, id, answers: [] });
    const there = this.#byAddress.get(key);
    if (there === undefined) this.#byAddress.set(key, new Set([dial]));
    else there.add(dial);
  }

  /** The dial to `address`; undefined also when there are several, which nobody could tell apart. */
  to(address: Address): Dial | undefined {
    if (this.#entries.size === 0) return undefined; // whoever is flooded mostly dials nobody
    const there = this.#byAddress.get(formatAddress(address));
    return there?.size === 1 ? there.values().next().value : undefined;
  }

  /** The id `dial` was dialled with, while it is in progress. */
  idOf(dial: Dial): ConnectionId | undefined {
    return this.#entries.get(dial)?.id;
  }

  addAnswer(dial: Dial, id: ConnectionId): void {
    this.#entries.get(dial)?.answers.push(id.high);
    this.#byAnswer.set(id.high, dial);
  }

  /** The dial that answers under an id with this first word. */
  answering(idHigh: number): Dial | undefined {
    return this.#byAnswer.get(idHigh);
  }

  remove(dial: Dial): void {
    const entry = this.#entries.get(dial);
    if (entry === undefined) return;
    this.#entries.delete(dial);
    for (const answer of entry.answers) this.#byAnswer.delete(answer);
    const there = this.#byAddress.get(entry.address)!;
    there.delete(dial);
    if (there.size === 0) this.#byAddress.delete(entry.address);
  }
}
