// The two hashes content is named by: BLAKE3-256 and SHA-256. Each has several bodies (native, WebAssembly, plain
// JavaScript) with the same answers; whoever starts the program chooses one and hands it in.

import { blake3 } from '@noble/hashes/blake3.js';
import { sha256 } from '@noble/hashes/sha2.js';

export const hashNames = ['blake3', 'sha256'] as const;
export type HashName = (typeof hashNames)[number];

/** Size of every digest, in bytes. */
export const digestBytes = 32;

export interface Hash {
  readonly name: HashName;
  /** The 32-byte digest of `bytes`, in memory of its own. */
  digest(bytes: Uint8Array): Uint8Array;
}

/** One body of each. */
export type HashSuite = Readonly<Record<HashName, Hash>>;

/** Plain JavaScript: works anywhere at once, at a fraction of the speed. For tests, tickets and simulations. */
export const pureHashes: HashSuite = {
  blake3: { name: 'blake3', digest: (bytes) => blake3(bytes) },
  sha256: { name: 'sha256', digest: (bytes) => sha256(bytes) },
};
