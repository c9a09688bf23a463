import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContentDefinedChunking } from '../../src/chunking.ts';
import { FastCdc } from '../../src/content-defined/fast-cdc.ts';
import { gearTable, masksFor } from '../../src/content-defined/gear.ts';
import vectors from '../vectors/content-defined.json' with { type: 'json' };
import { hashedBytes } from './some-bytes.ts';

const even = (count: number): number => count - (count % 2);

/** FastCDC word for word, with numbers of any size: the slow and certain way. */
function cutsByTheBook(bytes: Uint8Array, { minBytes, averageBytes, maxBytes }: ContentDefinedChunking): number[] {
  const table = gearTable();
  const { strict, loose } = masksFor(averageBytes);
  const cuts: number[] = [];
  for (let start = 0; start < bytes.length; start = cuts.at(-1)!) {
    const size = Math.min(bytes.length - start, maxBytes);
    const looked = size > minBytes ? even(size) : 0;
    let cut = size;
    let hash = 0n;
    for (let at = even(Math.max(2, minBytes)); at < looked; at += 1) {
      hash = ((hash << 1n) + table[bytes[start + at]!]!) & 0xffff_ffff_ffff_ffffn;
      if ((hash & (at < even(averageBytes) ? strict : loose)) !== 0n) continue;
      cut = at;
      break;
    }
    cuts.push(start + cut);
  }
  return cuts;
}

function cutsOf(bytes: Uint8Array, chunking: ContentDefinedChunking): number[] {
  const finder = new FastCdc(chunking, bytes.length);
  finder.buffer.set(bytes);
  const cuts: number[] = [];
  while ((cuts.at(-1) ?? 0) < bytes.length) cuts.push(finder.cut(cuts.at(-1) ?? 0, bytes.length));
  return cuts;
}

const chunkings = fc
  .tuple(fc.integer({ min: 1, max: 200 }), fc.nat(500), fc.nat(2000))
  .map(([minBytes, more, most]): ContentDefinedChunking => ({
    kind: 'contentDefined',
    minBytes,
    averageBytes: minBytes + more,
    maxBytes: minBytes + more + most,
  }));

describe('FastCDC', () => {
  test('has the published numbers: MD5 of 64 times the byte', () => {
    const table = gearTable();
    expect(table[0]).toBe(0x3b5d_3c7d_207e_37dcn);
    for (const byte of [1, 2, 127, 255]) {
      const digest = createHash('md5').update(Buffer.alloc(64, byte)).digest();
      expect(table[byte]).toBe(digest.readBigUInt64BE());
    }
  });

  test('has the masks of the vectors', () => {
    const listed = vectors.masks.map((mask) => BigInt(`0x${mask}`));
    for (const [index, mask] of listed.entries()) {
      expect(masksFor(2 ** (index + 3)).strict).toBe(mask);
      expect(masksFor(2 ** (index + 7)).loose).toBe(mask);
    }
  });

  test('has the published masks, also at the ends', () => {
    expect(masksFor(16_384)).toEqual({ strict: 0x0000_d903_0353_7000n, loose: 0x0000_d901_0353_0000n });
    expect(masksFor(1)).toEqual({ strict: 0x0180_4110n, loose: 0x0180_4110n });
    expect(masksFor(4_194_304)).toEqual({ strict: 0x0000_d937_7757_7000n, loose: 0x0000_d917_4753_7000n });
  });

  test('cuts any bytes, by any sizes, where the book says', () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 5000, size: 'max' }),
      fc.integer({ min: 0, max: 255 }).map((byte) => new Uint8Array(3000).fill(byte)),
    );
    fc.assert(
      fc.property(content, chunkings, (bytes, chunking) => {
        expect(cutsOf(bytes, chunking)).toEqual(cutsByTheBook(bytes, chunking));
      }),
      { numRuns: 60 },
    );
  });

  test.each(vectors.cuts)('golden vector: $description', ({ bytes, minBytes, averageBytes, maxBytes, ends }) => {
    expect(cutsOf(hashedBytes(bytes), { kind: 'contentDefined', minBytes, averageBytes, maxBytes })).toEqual(ends);
  });
});
