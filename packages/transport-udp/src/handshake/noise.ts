// The Noise Protocol Framework (revision 34) for the XX pattern and its pre-shared-key variants, over X25519,
// AES-256-GCM and SHA-256. XX because a dialler often knows only an address: both static keys travel encrypted, each
// side learns whom it met, and the caller decides. Section numbers are those of the Noise specification.

import { type Aead, type CryptoSuite, type KeyPair, keyBytes, tagBytes } from '../crypto.ts';

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk';

/** Which pre-shared-key variant (section 9): where a `psk` token stands. */
export type PskPlacement = 'psk0' | 'psk2' | 'psk3';

/** Everything a handshake needs; `prologue` must be the same on both sides. */
export interface NoiseOptions {
  readonly crypto: CryptoSuite;
  readonly initiator: boolean;
  readonly prologue: Uint8Array;
  readonly staticKey: KeyPair;
  /** Drawn freshly for this one handshake. */
  readonly ephemeralKey: KeyPair;
  /** Pre-shared keys of 32 bytes, one for each placement, in order of placement. None for plain XX. */
  readonly psks?: readonly { readonly placement: PskPlacement; readonly key: Uint8Array }[];
}

/** The keys of the two directions after the last message (section 5.2, Split). */
export interface NoiseKeys {
  readonly initiatorToResponder: Uint8Array;
  readonly responderToInitiator: Uint8Array;
  /** Names this handshake uniquely: for channel binding. */
  readonly handshakeHash: Uint8Array;
}

/** Longest Noise message (section 3). */
const noiseMessageBytesMax = 65_535;

/** One side of a handshake (section 5.3): `writeMessage` and `readMessage` in turns, then `keys`. */
export class NoiseHandshake {
  readonly #options: NoiseOptions;
  readonly #symmetric: SymmetricState;
  readonly #pattern: readonly (readonly Token[])[];
  readonly #usesPsk: boolean;
  #step = 0;
  #psksUsed = 0;
  #remoteEphemeral: Uint8Array | undefined;
  #remoteStatic: Uint8Array | undefined;

  constructor(options: NoiseOptions, from?: NoiseHandshake) {
    const placements = (options.psks ?? []).map(({ placement }) => placement);
    this.#options = options;
    this.#usesPsk = placements.length > 0;
    this.#pattern = from === undefined ? patternXX(placements) : from.#pattern;
    if (from === undefined) {
      this.#symmetric = SymmetricState.named(options.crypto, `Noise_XX${placements.join('+')}_25519_AESGCM_SHA256`);
      this.#symmetric.mixHash(options.prologue);
      return;
    }
    this.#symmetric = from.#symmetric.copy();
    this.#step = from.#step;
    this.#psksUsed = from.#psksUsed;
    this.#remoteEphemeral = from.#remoteEphemeral;
    this.#remoteStatic = from.#remoteStatic;
  }

  /** The same handshake at the same point: for reading a message that may turn out not to be authentic. */
  copy(): NoiseHandshake {
    return new NoiseHandshake(this.#options, this);
  }

  /** True when all three messages have passed. */
  get finished(): boolean {
    return this.#step === this.#pattern.length;
  }

  /** The remote's identity once its message has been read; authentic only when `finished`. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  /** The next message, with `payload` sealed as far as the pattern allows at this step. */
  writeMessage(payload: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const token of this.#nextTokens()) {
      if (token === 'e') parts.push(this.#mixEphemeral(this.#options.ephemeralKey.publicKey));
      else if (token === 's') parts.push(this.#symmetric.encryptAndHash(this.#options.staticKey.publicKey));
      else this.#mixSecret(token); // keys of the remote were checked when they were read
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    return concat(parts);
  }

  /** The payload of the remote's message; undefined when it is not authentic, and then this handshake is spoilt. */
  readMessage(message: Uint8Array): Uint8Array | undefined {
    if (message.length > noiseMessageBytesMax) return undefined;
    let at = 0;
    for (const token of this.#nextTokens()) {
      if (token === 'e') {
        if (message.length - at < keyBytes) return undefined;
        this.#remoteEphemeral = this.#mixEphemeral(message.slice(at, at + keyBytes));
        at += keyBytes;
      } else if (token === 's') {
        const length = keyBytes + (this.#symmetric.hasKey ? tagBytes : 0);
        if (message.length - at < length) return undefined;
        this.#remoteStatic = this.#symmetric.decryptAndHash(message.subarray(at, at + length));
        if (this.#remoteStatic === undefined) return undefined;
        at += length;
      } else if (!this.#mixSecret(token)) return undefined;
    }
    return this.#symmetric.decryptAndHash(message.subarray(at));
  }

  /** The session's keys; only when `finished`. */
  keys(): NoiseKeys {
    return this.#symmetric.split();
  }

  #nextTokens(): readonly Token[] {
    const tokens = this.#pattern[this.#step] ?? [];
    this.#step += 1;
    return tokens;
  }

  #mixEphemeral(publicKey: Uint8Array): Uint8Array {
    this.#symmetric.mixHash(publicKey);
    if (this.#usesPsk) this.#symmetric.mixKey(publicKey); // section 9.2
    return publicKey;
  }

  /** False when the remote's key yields no shared secret. */
  #mixSecret(token: 'ee' | 'es' | 'se' | 'ss' | 'psk'): boolean {
    const { crypto, initiator, ephemeralKey, staticKey, psks } = this.#options;
    if (token === 'psk') {
      this.#symmetric.mixKeyAndHash(psks![this.#psksUsed]!.key);
      this.#psksUsed += 1;
      return true;
    }
    // The letters name the initiator's key first, then the responder's.
    const ours = token[initiator ? 0 : 1] === 'e' ? ephemeralKey : staticKey;
    const theirs = token[initiator ? 1 : 0] === 'e' ? this.#remoteEphemeral : this.#remoteStatic;
    const secret = theirs === undefined ? undefined : crypto.diffieHellman(ours, theirs);
    if (secret !== undefined) this.#symmetric.mixKey(secret);
    return secret !== undefined;
  }
}

/** The three messages of XX (section 7.5), with a psk token where each placement puts it (section 9.4). */
function patternXX(placements: readonly PskPlacement[]): Token[][] {
  const messages: Token[][] = [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']];
  for (const placement of placements) {
    if (placement === 'psk0') messages[0]!.unshift('psk');
    else messages[placement === 'psk2' ? 1 : 2]!.push('psk');
  }
  return messages;
}

/** Section 5.2, with the CipherState of section 5.1 inside. */
class SymmetricState {
  readonly #crypto: CryptoSuite;
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #cipher: Aead | undefined;
  #nonces = 0;

  private constructor(crypto: CryptoSuite, chainingKey: Uint8Array, hash: Uint8Array) {
    this.#crypto = crypto;
    this.#chainingKey = chainingKey;
    this.#hash = hash;
  }

  static named(crypto: CryptoSuite, protocolName: string): SymmetricState {
    const name = new TextEncoder().encode(protocolName);
    const padded = new Uint8Array(keyBytes);
    if (name.length <= keyBytes) padded.set(name);
    const hash = name.length <= keyBytes ? padded : crypto.hash(name);
    return new SymmetricState(crypto, hash, hash);
  }

  copy(): SymmetricState {
    const copy = new SymmetricState(this.#crypto, this.#chainingKey, this.#hash);
    copy.#cipher = this.#cipher;
    copy.#nonces = this.#nonces;
    return copy;
  }

  get hasKey(): boolean {
    return this.#cipher !== undefined;
  }

  mixHash(data: Uint8Array): void {
    hashInput.set(this.#hash);
    hashInput.set(data, keyBytes);
    this.#hash = this.#crypto.hash(hashInput.subarray(0, keyBytes + data.length));
  }

  mixKey(material: Uint8Array): void {
    const [chainingKey, key] = this.#derive(material, 2);
    this.#chainingKey = chainingKey!;
    this.#setKey(key!);
  }

  mixKeyAndHash(material: Uint8Array): void {
    const [chainingKey, hash, key] = this.#derive(material, 3);
    this.#chainingKey = chainingKey!;
    this.mixHash(hash!);
    this.#setKey(key!);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    let sealed = plaintext;
    if (this.#cipher !== undefined) {
      sealed = new Uint8Array(plaintext.length + tagBytes);
      this.#cipher.seal(this.#nextNonce(), this.#hash, plaintext, sealed);
    }
    this.mixHash(sealed);
    return sealed;
  }

  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext =
      this.#cipher === undefined ? sealed.slice() : this.#cipher.open(this.#nextNonce(), this.#hash, sealed);
    if (plaintext !== undefined) this.mixHash(sealed);
    return plaintext;
  }

  split(): NoiseKeys {
    const [first, second] = this.#derive(new Uint8Array(), 2);
    return { initiatorToResponder: first!, responderToInitiator: second!, handshakeHash: this.#hash };
  }

  /** Section 4.3: HKDF with empty info gives the `count` outputs one behind the other. */
  #derive(material: Uint8Array, count: number): Uint8Array[] {
    const outputs = this.#crypto.hkdf(this.#chainingKey, material, count * keyBytes);
    return Array.from({ length: count }, (_, i) => outputs.slice(i * keyBytes, (i + 1) * keyBytes));
  }

  #setKey(key: Uint8Array): void {
    this.#cipher = this.#crypto.aead(key);
    this.#nonces = 0;
  }

  #nextNonce(): Uint8Array {
    this.#nonces += 1;
    return aeadNonce(0, this.#nonces - 1);
  }
}

// Scratch: filled and used within one call.
const hashInput = new Uint8Array(keyBytes + noiseMessageBytesMax);
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);

/**
 * A 96-bit nonce: 32 bits of domain, 64 bits of counter, big-endian (for AES-GCM as in section 12.4). It is good until
 * the next one is asked for.
 */
export function aeadNonce(domain: number, counter: number): Uint8Array {
  nonceView.setUint32(0, domain);
  nonceView.setUint32(4, Math.floor(counter / 2 ** 32));
  nonceView.setUint32(8, counter >>> 0);
  return nonce;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
