// The primitives in plain TypeScript (the audited @noble libraries): for browsers, simulators and Nodes without OpenSSL.

import { gcm } from '@noble/ciphers/aes.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Aead, CryptoSuite, KeyPair } from './crypto.ts';
import { keyBytes, tagBytes } from './crypto.ts';

/** Works everywhere; a fraction of the speed of the suite in `/node`. */
export const nobleCrypto: CryptoSuite = {
  keyPairOf: (privateKey): KeyPair => ({ privateKey, publicKey: x25519.getPublicKey(privateKey) }),
  diffieHellman(keyPair, publicKey) {
    if (publicKey.length !== keyBytes) return undefined;
    try {
      return x25519.getSharedSecret(keyPair.privateKey, publicKey);
    } catch {
      return undefined; // a public key of low order
    }
  },
  hash: (data): Uint8Array => sha256(data),
  hkdf: (salt, material, bytes): Uint8Array => hkdf(sha256, material, salt, undefined, bytes),
  aead: (key): Aead => new NobleAead(key),
};

class NobleAead implements Aead {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(nonce: Uint8Array, associated: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    out.set(gcm(this.#key, nonce, associated).encrypt(plaintext));
  }

  open(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < tagBytes) return undefined;
    try {
      return gcm(this.#key, nonce, associated).decrypt(sealed);
    } catch {
      return undefined; // the tag does not match
    }
  }

  openInto(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean {
    const plaintext = this.open(nonce, associated, sealed);
    if (plaintext !== undefined) out.set(plaintext);
    return plaintext !== undefined;
  }
}
