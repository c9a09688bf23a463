// The fastest hashes this machine has: prebuilt native BLAKE3 where its optional package is installed, else
// WebAssembly; SHA-256 by node:crypto, which uses the processor's own instructions.

import { hash as cryptoHash } from 'node:crypto';
import { digestBytes, type Hash, type HashSuite } from '../hash.ts';
import { loadWasmHashes } from '../wasm-hashes.ts';

let loading: Promise<HashSuite> | undefined;

/** Loaded once a process; hashing is then synchronous. */
export const loadHashes = (): Promise<HashSuite> => (loading ??= load());

async function load(): Promise<HashSuite> {
  return { blake3: (await nativeBlake3()) ?? (await loadWasmHashes()).blake3, sha256: nodeSha256 };
}

/** The native body, or undefined where it is not installed or has no binary for this machine. */
export async function nativeBlake3(): Promise<Hash | undefined> {
  try {
    const native = await import('@napi-rs/blake-hash');
    // Text costs half of what a native result buffer costs, and leaves nothing for the collector to finalise.
    return textHash('blake3', (bytes) => native.blake3UrlSafeBase64(bytes as Buffer));
  } catch {
    return undefined; // an optional dependency: its absence is the normal case this function tells
  }
}

export const nodeSha256: Hash = textHash('sha256', (bytes) => cryptoHash('sha256', bytes, 'base64url'));

function textHash(name: Hash['name'], base64url: (bytes: Uint8Array) => string): Hash {
  const scratch = Buffer.alloc(digestBytes);
  return {
    name,
    digest(bytes) {
      scratch.write(base64url(bytes), 'base64url');
      return new Uint8Array(scratch);
    },
  };
}
