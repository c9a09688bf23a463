// From the two keys of the finished handshake to what packets and records are protected with: for each direction one
// AEAD key for control packets, one for records and a header-tag key, by HKDF (RFC 5869).

import { type Aead, type CryptoSuite, keyBytes } from '../crypto.ts';
import type { HeaderTagKey } from '../packet/header-tag.ts';
import { viewOf } from '../packet/header.ts';
import type { NoiseKeys } from './noise.ts';

/** Other uses of the same key, and other versions, derive something else. */
const salt = new TextEncoder().encode('shoal udp 1');

/** The keys of one direction. */
export interface DirectionKeys {
  readonly control: Aead;
  readonly record: Aead;
  readonly header: HeaderTagKey;
}

export interface SessionKeys {
  readonly sending: DirectionKeys;
  readonly receiving: DirectionKeys;
}

export function sessionKeys(crypto: CryptoSuite, keys: NoiseKeys, initiator: boolean): SessionKeys {
  const forward = directionKeys(crypto, keys.initiatorToResponder);
  const backward = directionKeys(crypto, keys.responderToInitiator);
  return initiator ? { sending: forward, receiving: backward } : { sending: backward, receiving: forward };
}

function directionKeys(crypto: CryptoSuite, key: Uint8Array): DirectionKeys {
  const derived = crypto.hkdf(salt, key, 2 * keyBytes + 8);
  const header = viewOf(derived.subarray(2 * keyBytes));
  return {
    control: crypto.aead(derived.subarray(0, keyBytes)),
    record: crypto.aead(derived.subarray(keyBytes, 2 * keyBytes)),
    header: [header.getUint32(0), header.getUint32(4)],
  };
}
