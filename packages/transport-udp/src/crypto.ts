// The primitives the transport needs, as an interface: `noble-crypto.ts` carries it out in plain TypeScript anywhere,
// `/node` with the platform's own library. Both speak X25519, AES-256-GCM and SHA-256, so they interoperate.

/** An X25519 key pair, 32 bytes each. The public key is the node's identity. */
export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Bytes an AEAD adds to what it seals. */
export const tagBytes = 16;
/** Bytes of a key, a hash, a public key and a pre-shared key. */
export const keyBytes = 32;

/** Authenticated encryption under one key. A nonce (12 bytes) must never be used for two plaintexts. */
export interface Aead {
  /** Writes ciphertext and tag to the first `plaintext.length + tagBytes` bytes of `out`. */
  seal(nonce: Uint8Array, associated: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void;
  /** The plaintext in memory of its own, or undefined when key, nonce, associated data or ciphertext do not match. */
  open(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /**
   * Writes the plaintext to the first `sealed.length - tagBytes` bytes of `out`, which may be `sealed` itself. False when
   * anything does not match: nothing of the plaintext is in `out` then, whatever else is.
   */
  openInto(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean;
}

/** What an endpoint asks of a cryptographic library. None of it draws randomness or throws on hostile bytes. */
export interface CryptoSuite {
  /** The key pair whose private half is these 32 bytes. */
  keyPairOf(privateKey: Uint8Array): KeyPair;
  /** X25519; undefined when `publicKey` is not 32 bytes or of low order (RFC 7748 section 6.1). */
  diffieHellman(keyPair: KeyPair, publicKey: Uint8Array): Uint8Array | undefined;
  /** SHA-256. */
  hash(data: Uint8Array): Uint8Array;
  /** HKDF-SHA-256 (RFC 5869) with empty info. */
  hkdf(salt: Uint8Array, material: Uint8Array, bytes: number): Uint8Array;
  /** AES-256-GCM under a key of 32 bytes. */
  aead(key: Uint8Array): Aead;
}
