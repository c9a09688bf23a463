// Some of many, at random, at the cost of some.

import type { Rng } from '@shoal/machine';

/** At most `count` different numbers from `from` up to but not including `to`, never `except`. */
export function draw(from: number, to: number, count: number, except: number, rng: Rng): number[] {
  const drawn: number[] = [];
  drawEach(from, to, count, except, rng, (number) => drawn.push(number));
  return drawn;
}

/**
 * The same, one by one. They stand in an arithmetic progression around the range, from a random start and by a random
 * step: each number is as likely as any other, and no memory of those already drawn is needed.
 */
export function drawEach(
  from: number,
  to: number,
  count: number,
  except: number,
  rng: Rng,
  take: (number: number) => void,
): void {
  const skips = except >= from && except < to;
  const size = to - from - (skips ? 1 : 0);
  if (count <= 0 || size <= 0) return;
  const places = new Round(size, rng);
  for (let i = Math.min(count, size); i > 0; i -= 1) {
    const number = from + places.next();
    take(skips && number >= except ? number + 1 : number);
  }
}

/** All numbers below `size`, in a varying order. */
export class Round {
  readonly #size: number;
  readonly #step: number;
  #at: number;

  constructor(size: number, rng: Rng) {
    this.#size = size;
    this.#step = coprimeStep(size, rng);
    this.#at = rng.below(size);
  }

  next(): number {
    const at = this.#at;
    this.#at += this.#step;
    if (this.#at >= this.#size) this.#at -= this.#size;
    return at;
  }
}

/** A step that comes past every number of the range before it repeats one. */
function coprimeStep(size: number, rng: Rng): number {
  if (size <= 2) return 1;
  for (;;) {
    const step = 1 + rng.below(size - 1);
    if (gcd(size, step) === 1) return step;
  }
}

function gcd(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller !== 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
