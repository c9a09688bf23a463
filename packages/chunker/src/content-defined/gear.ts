// The published constants of FastCDC (Xia et al., 2016 and 2020), as its authors' code and the `fastcdc` crate have them.

import { md5 } from '@noble/hashes/legacy.js';

/** A number for each byte: the first 8 bytes of the MD5 digest of 64 such bytes, big-endian. */
export const gearTable = (): BigUint64Array =>
  BigUint64Array.from({ length: 256 }, (_, byte) => {
    const digest = md5(new Uint8Array(64).fill(byte));
    return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  });

/** Masks by the number of bits they ask for, from 5 on: the more bits, the rarer a cut. Spread out, so that a cut depends on some 48 bytes. */
const masks: readonly bigint[] = [
  0x00_0000_0180_4110n,
  0x00_0000_0180_3110n,
  0x00_0000_1803_5100n,
  0x00_0018_0003_5300n,
  0x00_0190_0035_3000n,
  0x00_5900_0353_0000n,
  0x00_d900_0353_0000n,
  0x00_d901_0353_0000n,
  0x00_d903_0353_0000n,
  0x00_d903_1353_0000n,
  0x00_d90f_0353_0000n,
  0x00_d903_0353_7000n,
  0x00_d907_0353_7000n,
  0x00_d907_0753_7000n,
  0x00_d917_0753_7000n,
  0x00_d917_4753_7000n,
  0x00_d917_6753_7000n,
  0x00_d937_6753_7000n,
  0x00_d937_7753_7000n,
  0x00_d937_7757_7000n,
  0x00_db37_7757_7000n,
];

/** By how many bits the masks before and after the average size differ from it: normalised chunking, at the level of the paper. */
const normalisation = 2;

/** The masks for chunks of about `averageBytes`: cuts are rarer before that size, and more frequent after it. */
export function masksFor(averageBytes: number): { readonly strict: bigint; readonly loose: bigint } {
  const bits = Math.round(Math.log2(averageBytes));
  return { strict: maskOf(bits + normalisation), loose: maskOf(bits - normalisation) };
}

const maskOf = (bits: number): bigint => masks[Math.max(0, Math.min(bits - 5, masks.length - 1))]!;
