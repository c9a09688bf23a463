// Key pairs from the system's randomness, and identities from stored bytes.

import { UsageError } from '@shoal/machine';
import { randomBytes } from '@shoal/machine/node';
import { keyBytes, type KeyPair } from '../crypto.ts';
import { nodeCrypto } from './node-crypto.ts';

/** A new identity. */
export const generateKeyPair = (): KeyPair => nodeCrypto.keyPairOf(randomBytes(keyBytes));

/** The identity whose 32 secret bytes were stored. */
export function keyPairFrom(privateKey: Uint8Array): KeyPair {
  if (privateKey.length !== keyBytes)
    throw new UsageError('privateKey', `must be ${keyBytes} bytes, not ${privateKey.length}`);
  return nodeCrypto.keyPairOf(privateKey);
}
