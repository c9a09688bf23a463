import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestBytes, type Hash, pureHashes } from '../src/hash.ts';
import { digestAt, merkleRoot } from '../src/merkle.ts';

const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** RFC 6962 section 2.1, word for word. */
function rootByTheBook(digests: readonly Uint8Array[], hash: Hash): Uint8Array {
  if (digests.length === 0) return hash.digest(new Uint8Array(0));
  if (digests.length === 1) return hash.digest(concat(Uint8Array.of(0), digests[0]!));
  let k = 1;
  while (2 * k < digests.length) k *= 2;
  const [left, right] = [digests.slice(0, k), digests.slice(k)].map((half) => rootByTheBook(half, hash));
  return hash.digest(concat(Uint8Array.of(1), left!, right!));
}

const table = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * digestBytes }, (_, i) => (i * 7 + (i >> 5)) & 255);

describe('merkle tree', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33])('of %i digests is as RFC 6962 defines it', (count) => {
    const digests = Array.from({ length: count }, (_, index) => digestAt(table(count), index));
    for (const hash of Object.values(pureHashes))
      expect(merkleRoot(table(count), hash)).toEqual(rootByTheBook(digests, hash));
  });

  test('changes with every bit of the table, and leaves the table alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (count, seed) => {
        const [right, wrong] = [table(count), table(count)];
        const root = merkleRoot(right, pureHashes.blake3);
        expect(right).toEqual(wrong);
        wrong[(seed >> 3) % wrong.length]! ^= 1 << (seed & 7);
        expect(merkleRoot(wrong, pureHashes.blake3)).not.toEqual(root);
      }),
    );
  });
});
