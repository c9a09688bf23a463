// A ticket under the key that two have agreed on: ChaCha20-Poly1305 (RFC 8439), with a key derived for this one use
// (HKDF-SHA-512, RFC 5869), so that no nonce is needed. Opening it proves that who sealed it has the key.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

const nonce = new Uint8Array(12);

export const seal = (ticket: string, key: Uint8Array, session: Uint8Array): Uint8Array =>
  cipherOf(key, session).encrypt(utf8ToBytes(ticket));

/** Undefined when it was sealed under another key, for another session, or damaged. */
export function unseal(sealed: Uint8Array, key: Uint8Array, session: Uint8Array): string | undefined {
  try {
    return new TextDecoder().decode(cipherOf(key, session).decrypt(sealed));
  } catch {
    return undefined; // the tag does not match: the library says so by throwing
  }
}

const cipherOf = (key: Uint8Array, session: Uint8Array): ReturnType<typeof chacha20poly1305> =>
  chacha20poly1305(hkdf(sha512, key, session, utf8ToBytes('shoal ticket'), 32), nonce);
