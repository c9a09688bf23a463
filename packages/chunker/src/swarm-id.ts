// What names a file-set everywhere: the BLAKE3-256 digest of its encoded manifest, as text.

import { toHex } from '@shoal/machine';
import type { HashSuite } from './hash.ts';

/** 64 lower-case hexadecimal digits. The same type as that of `@shoal/wire`, which does not know this package. */
export type SwarmId = string & { readonly __swarmId: never };

/** The identity in `text`, or undefined when it is not 64 lower-case hexadecimal digits. */
export const parseSwarmId = (text: string): SwarmId | undefined =>
  /^[0-9a-f]{64}$/.test(text) ? (text as SwarmId) : undefined;

/** The identity of the file-set with this encoded manifest. */
export const swarmIdOf = (manifestBytes: Uint8Array, hashes: HashSuite): SwarmId =>
  toHex(hashes.blake3.digest(manifestBytes)) as SwarmId;
