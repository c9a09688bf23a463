// From the two keys of the finished handshake to what packets and records are protected with: for each direction one
// AEAD key for control packets, one for records and a header-tag key, separated by HMAC labels (RFC 5869, expand).

import type { Aead, CryptoSuite } from '../crypto.ts';
import type { HeaderTagKey } from '../packet/header-tag.ts';
import { viewOf } from '../packet/header.ts';
import type { NoiseKeys } from './noise.ts';

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
  const expand = (label: string): Uint8Array =>
    crypto.hmac(key, new TextEncoder().encode(`shoal udp 1 ${label}\u0001`));
  const header = viewOf(expand('header'));
  return {
    control: crypto.aead(expand('control')),
    record: crypto.aead(expand('record')),
    header: [header.getUint32(0), header.getUint32(4)],
  };
}
