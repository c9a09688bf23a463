// Who has what of that which is missing here: the chunks that each remote holds, how many of those are wanted and how many
// free to be asked for, and how many copies of each chunk are near.

import type { Bitfield, Rng } from '@shoal/machine';
import { Availability } from '../availability.ts';
import type { ContentShape } from '../content.ts';
import { Picker, type PolicyName } from '../picking/picker.ts';
import type { Remote } from '../remote.ts';

export interface SupplyOptions {
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly policy: PolicyName;
  readonly rng: Rng;
  /** The remote has nothing that is wanted any more. */
  readonly exhausted: (remote: Remote) => void;
  /** A missing chunk is wanted no longer. */
  readonly unwanted: (chunk: number) => void;
}

export class Supply {
  readonly picker: Picker;
  readonly #held: Bitfield;
  readonly #exhausted: (remote: Remote) => void;
  readonly #unwanted: (chunk: number) => void;
  readonly #availability: Availability;
  readonly #remotes = new Set<Remote>();

  constructor({ shape, held, policy, rng, exhausted, unwanted }: SupplyOptions) {
    this.#held = held;
    this.#exhausted = exhausted;
    this.#unwanted = unwanted;
    const changed = (chunk: number, by: number, isFree: boolean): void => this.#wantedChanged(chunk, by, isFree);
    this.picker = new Picker({ shape, held, policy, rng, changed });
    this.#availability = new Availability(shape.chunkCount, (chunk, copies) => this.picker.setCopies(chunk, copies));
  }

  [Symbol.iterator](): Iterator<Remote> {
    return this.#remotes.values();
  }

  /** Whether some remote has something that is wanted. */
  get isThere(): boolean {
    for (const remote of this.#remotes) if (remote.wantedCount > 0 || remote.isOffering) return true;
    return false;
  }

  /** The remote's chunks are known, newly or afresh. */
  remoteHolds(remote: Remote, bits: Bitfield): void {
    if (this.#remotes.has(remote) && remote.held !== undefined) this.#availability.removeAll(remote.held);
    this.#remotes.add(remote);
    remote.held = bits;
    remote.wantedCount = 0;
    remote.freeCount = 0;
    this.#availability.addAll(bits);
    if (!this.#held.isFull) for (const chunk of bits.ones()) this.#count(remote, chunk, 1);
  }

  remoteHas(remote: Remote, chunk: number): void {
    if (!remote.held!.set(chunk)) return;
    this.#availability.add(chunk);
    this.#count(remote, chunk, 1);
  }

  /** The remote does not have what it said it had. */
  remoteLacks(remote: Remote, chunk: number): void {
    if (!remote.held!.clear(chunk)) return;
    this.#availability.remove(chunk);
    this.#count(remote, chunk, -1);
  }

  /** False when it was not known. */
  remoteLeft(remote: Remote): boolean {
    if (!this.#remotes.delete(remote)) return false;
    this.#availability.removeAll(remote.held!);
    return true;
  }

  /** The chunk is asked for, or has come. */
  take(chunk: number): void {
    const wasFree = this.picker.has(chunk);
    this.picker.remove(chunk);
    if (wasFree) for (const remote of this.#remotes) if (remote.has(chunk)) remote.freeCount -= 1;
  }

  /** The chunk may be asked for again. */
  release(chunk: number): void {
    const wasFree = this.picker.has(chunk);
    this.picker.add(chunk, true);
    if (wasFree || !this.picker.has(chunk)) return;
    for (const remote of this.#remotes) if (remote.has(chunk)) remote.freeCount += 1;
  }

  /** The chunk is held now. */
  stored(chunk: number): void {
    this.#held.set(chunk);
    this.picker.stored(chunk);
    if (this.picker.isWanted(chunk)) this.#wants(chunk, -1);
  }

  /** The chunk, which was held, is missing. */
  lost(chunk: number): void {
    this.picker.lost(chunk);
    if (this.picker.isWanted(chunk)) this.#wants(chunk, 1);
    this.release(chunk);
  }

  #count(remote: Remote, chunk: number, by: 1 | -1): void {
    if (this.#held.has(chunk) || !this.picker.isWanted(chunk)) return;
    remote.wantedCount += by;
    if (this.picker.has(chunk)) remote.freeCount += by;
  }

  #wants(chunk: number, by: number): void {
    for (const remote of this.#remotes) {
      if (!remote.has(chunk)) continue;
      remote.wantedCount += by;
      if (remote.wantedCount === 0) this.#exhausted(remote);
    }
  }

  #wantedChanged(chunk: number, by: number, isFree: boolean): void {
    if (isFree) for (const remote of this.#remotes) if (remote.has(chunk)) remote.freeCount += by;
    this.#wants(chunk, by);
    if (by < 0) this.#unwanted(chunk);
  }
}
