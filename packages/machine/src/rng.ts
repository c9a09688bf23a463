// Seeded randomness: xoshiro128** 1.1 (Blackman and Vigna, 2018), seeded by SplitMix32 from a string.
// A fork draws from a stream of its own, so that one part drawing more never changes what another draws.
// Not for secrets: keys come from the shell's cryptographic source.

/** A source of reproducible random numbers. */
export interface Rng {
  /** A whole number in [0, 2^32). */
  uint32(): number;
  /** A number in [0, 1) with 53 random bits. */
  float(): number;
  /** A whole number in [0, limit), without bias; limit is from 1 to 2^32. */
  below(limit: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of `items`, or undefined when there is none. */
  pick<T>(items: readonly T[]): T | undefined;
  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[];
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
  /** An independent stream, the same for the same seed and label whatever was drawn before. */
  fork(label: string): Rng;
}

/** The generator for `seed`: the same seed gives the same numbers on every machine, for ever. */
export const seededRng = (seed: string): Rng => new Xoshiro128(stateFromSeed(seed), seed);

/** Only for testing the generator against its published vectors. */
export const rngFromState = (state: readonly [number, number, number, number]): Rng =>
  new Xoshiro128(Uint32Array.from(state), state.join(','));

class Xoshiro128 implements Rng {
  readonly #state: Uint32Array;
  readonly #seed: string;

  constructor(state: Uint32Array, seed: string) {
    this.#state = state;
    this.#seed = seed;
  }

  uint32(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }

  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  below(limit: number): number {
    // Rejection keeps the draw unbiased; at most every second draw is thrown away.
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < fair) return drawn % limit;
    }
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.below(items.length)];
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 4) {
      const drawn = this.uint32();
      for (let j = 0; j < 4 && i + j < count; j += 1) bytes[i + j] = drawn >>> (8 * j);
    }
    return bytes;
  }

  fork(label: string): Rng {
    return seededRng(`${this.#seed}/${label}`);
  }
}

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** FNV-1a over the seed's characters, four times with different offsets, each finished by SplitMix32's mixer. */
function stateFromSeed(seed: string): Uint32Array {
  const state = new Uint32Array(4);
  for (let word = 0; word < 4; word += 1) {
    let hash = 0x811c9dc5 ^ Math.imul(word + 1, 0x9e3779b9);
    for (let i = 0; i < seed.length; i += 1) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x21f0aaad);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x735a2d97);
    state[word] = hash ^ (hash >>> 15);
  }
  if (state.every((word) => word === 0)) state[0] = 1; // the one state xoshiro never leaves
  return state;
}
