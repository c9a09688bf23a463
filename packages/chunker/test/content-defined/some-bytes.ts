// Bytes that look random and are the same everywhere: SHA-256 of "0", of "1", and so on, one after the other.

import { sha256 } from '@noble/hashes/sha2.js';

export function hashedBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(count / 32) * 32);
  const encoder = new TextEncoder();
  for (let at = 0; at < bytes.length; at += 32) bytes.set(sha256(encoder.encode(String(at / 32))), at);
  return bytes.subarray(0, count);
}

/** The same for megabytes: a xorshift generator. */
export function noiseBytes(count: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(count / 4));
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, count);
}
