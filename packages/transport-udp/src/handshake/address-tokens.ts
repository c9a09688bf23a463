// Proof that a stranger receives at the address it writes from, without keeping anything of it (RFC 9000 section 8.1.2):
// a token that only we can make, for one address, one connection id and a few seconds, which the stranger brings back.

import { type Address, formatAddress, type Instant, instant, msBetween } from '@shoal/machine';
import type { CryptoSuite } from '../crypto.ts';
import { type ConnectionId, viewOf } from '../packet/header.ts';

/** As long as a dial lasts: who is slower starts over. */
const tokenAgeMsMax = 10_000;
const issuedBytes = 8;
const proofBytes = 16; // HKDF stands in for an HMAC here
const tokenBytes: number = issuedBytes + proofBytes;

export class AddressTokens {
  readonly #crypto: CryptoSuite;
  readonly #secret: Uint8Array;

  /** `secret`: 32 unguessable bytes that are used for nothing else. */
  constructor(crypto: CryptoSuite, secret: Uint8Array) {
    this.#crypto = crypto;
    this.#secret = secret;
  }

  /** For the stranger at `address` that goes by `id`. */
  issue(address: Address, id: ConnectionId, now: Instant): Uint8Array {
    const token = new Uint8Array(tokenBytes);
    viewOf(token).setFloat64(0, now);
    token.set(this.#prove(token.subarray(0, issuedBytes), address, id), issuedBytes);
    return token;
  }

  /** True when `issue` made it for the same address and id not long ago. */
  accepts(token: Uint8Array, address: Address, id: ConnectionId, now: Instant): boolean {
    if (token.length !== tokenBytes) return false;
    const ageMs = msBetween(instant(viewOf(token).getFloat64(0)), now);
    if (!(ageMs >= 0 && ageMs <= tokenAgeMsMax)) return false; // NaN too
    const proof = this.#prove(token.subarray(0, issuedBytes), address, id);
    // Always as long, however much of a guess is right.
    return proof.reduce((different, byte, i) => different | (byte ^ token[issuedBytes + i]!), 0) === 0;
  }

  #prove(issued: Uint8Array, address: Address, id: ConnectionId): Uint8Array {
    const where = new TextEncoder().encode(formatAddress(address));
    const data = new Uint8Array(issuedBytes + 8 + where.length);
    data.set(issued);
    viewOf(data).setUint32(issuedBytes, id.high);
    viewOf(data).setUint32(issuedBytes + 4, id.low);
    data.set(where, issuedBytes + 8);
    return this.#crypto.hkdf(this.#secret, data, proofBytes);
  }
}
