// X25519 by the OpenSSL that Node carries in its own binary, called directly: node:crypto parses and wraps every key, which
// costs as much again as the exchange, and leaves objects to the collector. A handshake makes one key pair and three
// exchanges. The names are OpenSSL's own, not of its documented interface: where a Node does not show them, or they do
// not do what RFC 7748 section 6.1 says, there are none, and nodeCrypto does the work.

import { bytesEqual, fromHex, invariant } from '@shoal/machine';
import { type CryptoSuite, keyBytes } from '../crypto.ts';
import type { ForeignCalls, Signatures } from './foreign-calls.ts';

interface KeyCalls {
  /** 0 when the shared secret is all zeros: a public key of low order. */
  ossl_x25519(secret: Uint8Array, privateKey: Uint8Array, publicKey: Uint8Array): number;
  ossl_x25519_public_from_private(publicKey: Uint8Array, privateKey: Uint8Array): void;
}

const signatures = {
  ossl_x25519: { takes: ['bytes', 'bytes', 'bytes'], gives: 'i32' },
  ossl_x25519_public_from_private: { takes: ['bytes', 'bytes'], gives: 'void' },
} satisfies Signatures;

export type KeyExchange = Pick<CryptoSuite, 'keyPairOf' | 'diffieHellman'>;

/** Undefined when the process has no such functions, or they do not do exactly what they should. */
export function opensslKeys(foreign: ForeignCalls): KeyExchange | undefined {
  const calls = foreign.functions(signatures) as KeyCalls | undefined;
  if (calls === undefined) return undefined;
  const keys: KeyExchange = {
    keyPairOf(privateKey) {
      invariant(privateKey.length === keyBytes, 'a private key has 32 bytes');
      const publicKey = new Uint8Array(keyBytes);
      calls.ossl_x25519_public_from_private(publicKey, privateKey);
      return { privateKey, publicKey };
    },
    diffieHellman({ privateKey }, publicKey) {
      invariant(privateKey.length === keyBytes, 'a private key has 32 bytes');
      if (publicKey.length !== keyBytes) return undefined;
      const secret = new Uint8Array(keyBytes);
      return calls.ossl_x25519(secret, privateKey, publicKey) === 1 ? secret : undefined;
    },
  };
  return passesVector(keys) ? keys : undefined;
}

/** Bob's and Alice's keys of RFC 7748 section 6.1, and a public key of low order. */
function passesVector({ keyPairOf, diffieHellman }: KeyExchange): boolean {
  const [bob, bobPublic, alicePublic, shared] = [
    '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
    'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
  ].map((hex) => fromHex(hex)!) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const pair = keyPairOf(bob);
  const secret = diffieHellman(pair, alicePublic);
  return (
    bytesEqual(pair.publicKey, bobPublic) &&
    secret !== undefined &&
    bytesEqual(secret, shared) &&
    diffieHellman(pair, new Uint8Array(keyBytes)) === undefined
  );
}
