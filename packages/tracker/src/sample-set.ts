// A set from which random members are drawn without walking over it: an array in which every member knows its place.

import type { Rng } from '@shoal/machine';

/** What can be in one sample set at a time; `place` belongs to the set. */
export interface Placed {
  place: number;
}

/** Adding and removing cost O(1), drawing costs O(drawn). */
export class SampleSet<Member extends Placed> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#members[Symbol.iterator]();
  }

  add(member: Member): void {
    member.place = this.#members.push(member) - 1;
  }

  remove(member: Member): void {
    const last = this.#members.pop()!;
    if (last === member) return;
    this.#members[member.place] = last;
    last.place = member.place;
  }

  /** At most `count` different members at random, in random order. */
  draw(count: number, rng: Rng): Member[] {
    const size = this.#members.length;
    if (2 * count >= size) return rng.shuffle(this.#members.slice()).slice(0, count);
    const places = new Set<number>();
    while (places.size < count) places.add(rng.below(size));
    return Array.from(places, (place) => this.#members[place]!);
  }
}
