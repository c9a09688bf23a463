// The hashes by WebAssembly (hash-wasm): for browsers, and for Node where the native package does not install.

import { createBLAKE3, createSHA256, type IHasher } from 'hash-wasm';
import type { Hash, HashName, HashSuite } from './hash.ts';

/** Compiles the modules once; hashing is then synchronous. */
export async function loadWasmHashes(): Promise<HashSuite> {
  const [blake3, sha256] = await Promise.all([createBLAKE3(), createSHA256()]);
  return { blake3: wasmHash('blake3', blake3), sha256: wasmHash('sha256', sha256) };
}

const wasmHash = (name: HashName, hasher: IHasher): Hash => ({
  name,
  digest: (bytes) => hasher.init().update(bytes).digest('binary'),
});
