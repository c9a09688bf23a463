import { expect, test } from 'vitest';
import { loadSimdBlake3 } from '../../src/blake3/simd-blake3.ts';
import { plainWasmBlake3 } from '../../src/wasm-hashes.ts';

const simd = (await loadSimdBlake3())!;
const other = await plainWasmBlake3();
const bytes = Uint8Array.from({ length: 1_700_000 }, (_, index) => (index * 13 + (index >> 7) + (index >> 15)) & 255);

const around = (size: number): number[] => [size - 1, size, size + 1];
// Ends of blocks, of chunks, of groups of four, of pieces; trees of every shape up to 33 chunks; more than its memory had room for.
const lengths = [
  1,
  64,
  128,
  ...Array.from({ length: 33 }, (_, index) => (index + 1) * 1024),
  102_400,
  1_699_000,
].flatMap(around);

test('digests of every length are those of a body without vectors, in any order', () => {
  for (const order of [lengths, lengths.toReversed()])
    for (const length of order) {
      const input = bytes.subarray(bytes.length - length);
      expect(simd.digest(input), `${length} bytes`).toEqual(other.digest(input));
    }
});

test('a byte anywhere counts', () => {
  for (const at of [0, 1023, 1024, 5000, 20_479]) {
    const input = bytes.slice(0, 20_480);
    const before = simd.digest(input);
    input[at]! ^= 1;
    expect(simd.digest(input)).not.toEqual(before);
  }
});
