// The file-sets of test/vectors/file-sets.json, built from their descriptions. The bytes of a file of length n are
// i mod 251 for i from 0 to n - 1, as in BLAKE3's own vectors.

import type { Chunking } from '../src/chunking.ts';
import type { HashName } from '../src/hash.ts';

export interface VectorSet {
  readonly description: string;
  readonly kind: 'file' | 'folder';
  readonly name: string;
  readonly hash: HashName;
  readonly chunking: Chunking;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly executable: boolean }[];
  readonly emptyFolders: readonly string[];
  /** Of content-defined chunks. */
  readonly chunkSizes?: readonly number[];
  /** In hexadecimal, like the rest. */
  readonly chunkDigests: readonly string[];
  /** In path order, as the tree over them has them. */
  readonly entries: readonly string[];
  readonly entriesRoot: string;
  readonly chunksRoot: string;
  readonly header: string;
  readonly swarmId: string;
  /** Part 0, which is all there is. */
  readonly part: string;
  /** Of a file with content. */
  readonly range?: { readonly path: string; readonly start: number; readonly end: number; readonly proof: string };
  /** With the tracker `192.0.2.1:4000` and the peer `[2001:db8::1]:5000`. */
  readonly ticket: string;
}

export const patterned = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251);
