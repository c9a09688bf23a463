// A keyed 32-bit tag over the header of a bulk packet: HalfSipHash-2-4 (Aumasson and Bernstein; its 32-bit variant).
// Bulk packets are not sealed one by one, so without it anybody who sees the traffic could have packet numbers
// acknowledged that were never sent. With it a forger can at most replay a header with another payload.
// AEAD per packet would cost microseconds; this costs about as much as a copy of the payload.

/** 64 bits of key. */
export type HeaderTagKey = readonly [low: number, high: number];

/** The tag of six 32-bit words, unsigned. Same as HalfSipHash-2-4 over their 24 little-endian bytes. */
export function headerTag(key: HeaderTagKey, words: Uint32Array): number {
  return halfSipHash(key, words, 6);
}

/** HalfSipHash-2-4 with a 32-bit tag over the first `count` words (messages of 4 × count bytes). */
export function halfSipHash(key: HeaderTagKey, words: Uint32Array, count: number): number {
  let v0 = key[0] | 0;
  let v1 = key[1] | 0;
  let v2 = 0x6c796765 ^ key[0];
  let v3 = 0x74656462 ^ key[1];
  const length = (count * 4) << 24;
  for (let i = 0; i <= count + 2; i += 1) {
    // Two rounds a word, two for the length, then four to finish.
    const word = i < count ? words[i]! | 0 : i === count ? length : 0;
    if (i === count + 1) v2 ^= 0xff;
    v3 ^= word;
    for (let round = 0; round < 2; round += 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}
