// Every suite seals and opens the same, into memory of the caller's, and lets nothing out that is not authentic.
// OpenSSL called directly is skipped where there is no foreign-function interface (not Linux, neither koffi nor node:ffi).

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type CryptoSuite, tagBytes } from '../src/crypto.ts';
import { nobleCrypto } from '../src/noble-crypto.ts';
import { byKoffi, byNodeFfi, type ForeignCalls, type Functions } from '../src/node/foreign-calls.ts';
import { nodeCrypto } from '../src/node/node-crypto.ts';
import { opensslCrypto } from '../src/node/openssl-crypto.ts';
import { opensslKeys } from '../src/node/openssl-keys.ts';

const linux = process.platform === 'linux';
const koffi = linux ? await byKoffi() : undefined;
const nodeFfi = linux ? byNodeFfi() : undefined;
const suites: [string, CryptoSuite | undefined][] = [
  ['noble', nobleCrypto],
  ['node:crypto', nodeCrypto],
  ['OpenSSL by koffi', koffi && opensslCrypto(koffi)],
  ['OpenSSL by node:ffi', nodeFfi && opensslCrypto(nodeFfi)],
];

const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 4 : byte));

test.skipIf(koffi === undefined && nodeFfi === undefined)('OpenSSL is used wherever it can be called', () => {
  for (const foreign of [koffi, nodeFfi]) expect(foreign === undefined || opensslCrypto(foreign)).toBeTruthy();
});

test.skipIf(koffi === undefined)('OpenSSL that does not do what it should is not used', () => {
  const broken = (change: (functions: Functions) => void): ForeignCalls => ({
    by: 'koffi',
    functions(signatures) {
      const functions = koffi!.functions(signatures)!;
      change(functions);
      return functions;
    },
  });
  expect(opensslCrypto(broken(() => {}))).toBeDefined();
  // A library whose every tag is good, one that seals nothing, and one that has no such function.
  expect(opensslCrypto(broken((functions) => (functions['EVP_CipherFinal_ex'] = () => 1)))).toBeUndefined();
  expect(opensslCrypto(broken((functions) => (functions['EVP_CipherUpdate'] = () => 0)))).toBeUndefined();
  expect(opensslCrypto({ by: 'koffi', functions: () => undefined })).toBeUndefined();
  // Exchanges that come out otherwise, that take any key, and that are not there: node:crypto's are used.
  for (const change of [
    (functions: Functions) => (functions['ossl_x25519_public_from_private'] = () => undefined),
    (functions: Functions) => (functions['ossl_x25519'] = () => 1),
  ])
    expect(opensslKeys(broken(change))).toBeUndefined();
  expect(opensslKeys({ by: 'koffi', functions: () => undefined })).toBeUndefined();
  expect(koffi!.functions({ no_such_function: { takes: [], gives: 'i32' } })).toBeUndefined();
});

describe.each(suites)('AES-256-GCM by %s', (_name, suite) => {
  const key = random(32);
  const sizes = [0, 1, 15, 16, 17, 1_400, 65_520];

  test.skipIf(suite === undefined)('seals what any other opens, and opens what any other seals', () => {
    for (const size of sizes) {
      const [nonce, associated, plaintext] = [random(12), random(size % 40), random(size)];
      const [ours, theirs] = [new Uint8Array(size + tagBytes), new Uint8Array(size + tagBytes)];
      suite!.aead(key).seal(nonce, associated, plaintext, ours);
      nodeCrypto.aead(key).seal(nonce, associated, plaintext, theirs);
      expect(Buffer.compare(ours, theirs)).toBe(0);
      expect(Buffer.compare(suite!.aead(key).open(nonce, associated, theirs)!, plaintext)).toBe(0);
    }
  });

  test.skipIf(suite === undefined)('opens into given memory, in place too, and touches nothing beyond', () => {
    const aead = suite!.aead(key);
    for (const size of sizes) {
      const [nonce, associated, plaintext] = [random(12), random(1), random(size)];
      const memory = new Uint8Array(size + tagBytes + 20).fill(7);
      const sealed = memory.subarray(10, 10 + size + tagBytes);
      aead.seal(nonce, associated, plaintext, sealed);
      const out = new Uint8Array(size + 1).fill(9);
      expect(aead.openInto(nonce, associated, sealed, out)).toBe(true);
      expect(Buffer.compare(out, Buffer.concat([plaintext, Uint8Array.of(9)]))).toBe(0);
      expect(aead.openInto(nonce, associated, sealed, sealed)).toBe(true);
      expect(Buffer.compare(sealed.subarray(0, size), plaintext)).toBe(0);
      expect([...memory.subarray(0, 10), ...memory.subarray(-10)]).toEqual(Array.from({ length: 20 }, () => 7));
    }
  });

  test.skipIf(suite === undefined)('lets nothing out that is not authentic, and goes on after it', () => {
    const aead = suite!.aead(key);
    const [nonce, associated, plaintext] = [random(12), random(17), random(100)];
    const sealed = new Uint8Array(100 + tagBytes);
    aead.seal(nonce, associated, plaintext, sealed);
    const forgeries: [Uint8Array, Uint8Array, Uint8Array][] = [
      [nonce, associated, flipped(sealed, 0)],
      [nonce, associated, flipped(sealed, 99)],
      [nonce, associated, flipped(sealed, 115)],
      [nonce, flipped(associated, 3), sealed],
      [flipped(nonce, 11), associated, sealed],
      [nonce, associated, sealed.subarray(0, 115)],
      [nonce, associated, sealed.subarray(0, 15)],
      [nonce, associated, new Uint8Array()],
    ];
    for (const [n, a, s] of forgeries) {
      const out = new Uint8Array(100);
      expect(aead.openInto(n, a, s, out)).toBe(false);
      expect(out).toEqual(new Uint8Array(100));
      expect(aead.open(n, a, s)).toBeUndefined();
      expect(Buffer.compare(aead.open(nonce, associated, sealed)!, plaintext)).toBe(0);
    }
  });

  test.skipIf(suite === undefined)('refuses memory that is too small, rather than writing beyond it', () => {
    const aead = suite!.aead(key);
    const sealed = new Uint8Array(116);
    aead.seal(random(12), random(1), random(100), sealed);
    expect(() => aead.seal(random(12), random(1), random(100), new Uint8Array(115))).toThrow(/room|out of bounds/);
  });
});
