// All that has happened so far, in order, and quick answers about any moment of it: the picture (by keyframes), what is
// under way, the curves. It may still grow, or be complete.

import { Curves } from './curves.ts';
import { Flights } from './flights.ts';
import type { Happening } from './happenings.ts';
import { Picture } from './picture.ts';

const keyframeStepDefault = 8_192; // some milliseconds of folding; more where a picture is large: all of them are kept

interface Keyframe {
  /** How many happenings it has taken in. */
  readonly count: number;
  readonly picture: Picture;
}

export class Reel {
  readonly flights: Flights = new Flights();
  readonly curves: Curves = new Curves();
  /** Nothing will be added any more. */
  isComplete = false;
  readonly #happenings: Happening[] = [];
  readonly #keyframes: Keyframe[] = [{ count: 0, picture: new Picture() }];
  readonly #keyframeStep: number;
  /** At the end of the list. */
  readonly #front = new Picture();
  /** At the moment last asked for. */
  #cursor: Keyframe = { count: 0, picture: new Picture() };
  #endMs = 0;

  constructor(keyframeStep: number = keyframeStepDefault) {
    this.#keyframeStep = keyframeStep;
  }

  get happenings(): readonly Happening[] {
    return this.#happenings;
  }

  /** The last moment of which everything is known. */
  get endMs(): number {
    return this.#endMs;
  }

  /** The swarm as it is at the end. */
  get front(): Picture {
    return this.#front;
  }

  /** What happened next, and the moment until which that is all. An earlier `atMs` than the last counts as the last. */
  append(happenings: readonly Happening[], untilMs: number = this.#endMs): void {
    for (const happening of happenings) {
      const atMs = Math.max(happening.atMs, this.#endMs);
      const next = atMs === happening.atMs ? happening : { ...happening, atMs };
      this.#endMs = atMs;
      this.curves.reach(atMs, this.#front);
      this.flights.add(next, this.#front);
      this.#front.apply(next);
      this.#happenings.push(next);
      const count = this.#happenings.length;
      if (count - this.#keyframes.at(-1)!.count >= Math.max(this.#keyframeStep, this.#cells / 4))
        this.#keyframes.push({ count, picture: new Picture(this.#front) });
    }
    this.#endMs = Math.max(this.#endMs, untilMs);
    this.curves.reach(this.#endMs, this.#front);
  }

  /** The swarm at a moment, with what happens at that very moment. Not to be changed; good until the next call. */
  pictureAt(ms: number): Picture {
    const count = this.#countUntil(ms);
    const nearest = this.#keyframes.findLast((keyframe) => keyframe.count <= count)!;
    if (this.#cursor.count > count || this.#cursor.count < nearest.count)
      this.#cursor = { count: nearest.count, picture: new Picture(nearest.picture) };
    const { picture } = this.#cursor;
    for (let i = this.#cursor.count; i < count; i += 1) picture.apply(this.#happenings[i]!);
    this.#cursor = { count, picture };
    return picture;
  }

  /** How large a picture is. */
  get #cells(): number {
    return this.#front.peers.length * this.#front.content.chunkCount;
  }

  #countUntil(ms: number): number {
    let [low, high] = [0, this.#happenings.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#happenings[middle]!.atMs > ms) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
