// Unguessable bytes, and seeds for generators whose draws need not repeat.

import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { type Rng, seededRng } from '../rng.ts';

/** Bytes fit for keys. */
export const randomBytes = (count: number): Uint8Array => new Uint8Array(nodeRandomBytes(count));

/** A generator that nobody can foresee, for choices that are not secrets. */
export const entropyRng = (): Rng => seededRng(nodeRandomBytes(16).toString('hex'));
