// Some of many, at random, at the cost of some.

import type { Rng } from '@shoal/machine';

/**
 * At most `count` different numbers from `from` up to but not including `to`, never `except`. They stand in an arithmetic
 * progression around the range, from a random start and by a random step: each number is as likely as any other, and no
 * memory of those already drawn is needed.
 */
export function draw(from: number, to: number, count: number, except: number, rng: Rng): number[] {
  const skips = except >= from && except < to;
  const size = to - from - (skips ? 1 : 0);
  const wanted = Math.min(count, size);
  if (wanted <= 0) return [];
  const step = coprimeStep(size, rng);
  const drawn: number[] = [];
  let at = rng.below(size);
  for (let i = 0; i < wanted; i += 1) {
    const number = from + at;
    drawn.push(skips && number >= except ? number + 1 : number);
    at += step;
    if (at >= size) at -= size;
  }
  return drawn;
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
