// The hashes by WebAssembly: for browsers, and for Node where the native package does not install. hash-wasm makes no use
// of vectors, which double the speed of BLAKE3, but runs where there are none. It is loaded when it is needed, since it
// brings 280 kB of other hashes.

import type { IHasher } from 'hash-wasm';
import { loadSimdBlake3 } from './blake3/simd-blake3.ts';
import type { Hash, HashName, HashSuite } from './hash.ts';

/** Compiles the modules once; hashing is then synchronous. */
export async function loadWasmHashes(): Promise<HashSuite> {
  const { createSHA256 } = await import('hash-wasm');
  const [simdBlake3, sha256] = await Promise.all([loadSimdBlake3(), createSHA256()]);
  return { blake3: simdBlake3 ?? (await plainWasmBlake3()), sha256: wasmHash('sha256', sha256) };
}

export async function plainWasmBlake3(): Promise<Hash> {
  const { createBLAKE3 } = await import('hash-wasm');
  return wasmHash('blake3', await createBLAKE3());
}

const wasmHash = (name: HashName, hasher: IHasher): Hash => ({
  name,
  digest: (bytes) => hasher.init().update(bytes).digest('binary'),
});
