import { toHex } from '@shoal/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hash, type HashName, pureHashes } from '../src/hash.ts';
import { nativeBlake3, nodeSha256 } from '../src/node/hashes.ts';
import { loadWasmHashes, plainWasmBlake3 } from '../src/wasm-hashes.ts';
import vectors from './vectors/hashes.json' with { type: 'json' };

const wasm = await loadWasmHashes();
const native = await nativeBlake3();
const bodies: [string, Hash][] = [
  ['plain BLAKE3', pureHashes.blake3],
  ['WebAssembly BLAKE3', wasm.blake3],
  ['WebAssembly BLAKE3 without vectors', await plainWasmBlake3()],
  ['plain SHA-256', pureHashes.sha256],
  ['WebAssembly SHA-256', wasm.sha256],
  ['node:crypto SHA-256', nodeSha256],
  ...(native === undefined ? [] : [['native BLAKE3', native] as [string, Hash]]),
];

/** The input of BLAKE3's published vectors: 0, 1, … 250, 0, 1, … */
const patterned = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251);

describe('hashes', () => {
  describe.each(bodies)('%s', (_, hash) => {
    test('gives the published digests', () => {
      const published: Record<HashName, Record<string, string>> = vectors;
      for (const [input, digest] of Object.entries(published[hash.name])) {
        const bytes = /^\d+$/.test(input) ? patterned(Number(input)) : new TextEncoder().encode(input);
        expect(toHex(hash.digest(bytes))).toBe(digest);
      }
    });

    test('hashes a view as the bytes it shows, and keeps earlier digests', () => {
      const whole = patterned(5000);
      const first = hash.digest(whole.subarray(7, 4007));
      const before = first.slice();
      hash.digest(whole);
      expect(first).toEqual(before);
      expect(first).toEqual(pureHashes[hash.name].digest(whole.slice(7, 4007)));
      expect(first.constructor).toBe(Uint8Array);
    });
  });

  test('all bodies of a hash agree', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        for (const [, hash] of bodies) expect(hash.digest(bytes)).toEqual(pureHashes[hash.name].digest(bytes));
      }),
      { numRuns: 30 },
    );
  });
});
