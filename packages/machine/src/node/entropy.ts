// Unguessable bytes, and seeds for generators whose draws need not repeat.

import { randomBytes as nodeRandomBytes, randomFillSync } from 'node:crypto';
import { type Rng, seededRng } from '../rng.ts';

/** Drawn ahead, because a call into the system costs as much for these as for a few. */
const drawn = new Uint8Array(4_096);
let drawnAt = drawn.length;

/** Bytes fit for keys. */
export function randomBytes(count: number): Uint8Array {
  if (count > drawn.length) return new Uint8Array(nodeRandomBytes(count));
  if (drawnAt + count > drawn.length) {
    randomFillSync(drawn);
    drawnAt = 0;
  }
  const bytes = drawn.slice(drawnAt, drawnAt + count);
  drawn.fill(0, drawnAt, drawnAt + count); // nobody else may find them here
  drawnAt += count;
  return bytes;
}

/** A generator that nobody can foresee, for choices that are not secrets. */
export const entropyRng = (): Rng => seededRng(nodeRandomBytes(16).toString('hex'));
