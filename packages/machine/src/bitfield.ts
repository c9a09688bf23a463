// Which chunks somebody holds: one bit a chunk, the first chunk in the highest bit of the first byte (BEP 3).

import { invariant } from './errors.ts';

/** A fixed number of bits with the count of set ones kept. */
export class Bitfield {
  readonly length: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor(length: number) {
    invariant(Number.isSafeInteger(length) && length >= 0, 'a bitfield has a whole number of bits');
    this.length = length;
    this.#bytes = new Uint8Array(Bitfield.byteLength(length));
  }

  /** How many bytes `length` bits take. */
  static byteLength(length: number): number {
    return Math.ceil(length / 8);
  }

  static full(length: number): Bitfield {
    const bits = new Bitfield(length);
    for (let i = 0; i < length; i += 1) bits.set(i);
    return bits;
  }

  /** The bitfield in `bytes` (copied), or undefined when the size is wrong or a spare bit at the end is set. */
  static fromBytes(bytes: Uint8Array, length: number): Bitfield | undefined {
    if (bytes.length !== Bitfield.byteLength(length)) return undefined;
    const spare = bytes.length * 8 - length;
    if (spare > 0 && (bytes.at(-1)! & ((1 << spare) - 1)) !== 0) return undefined;
    const bits = new Bitfield(length);
    bits.#bytes.set(bytes);
    for (const byte of bytes) bits.#count += bitCount(byte);
    return bits;
  }

  /** How many bits are set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return (this.#bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets one bit; returns whether it was clear before. */
  set(index: number): boolean {
    invariant(index >= 0 && index < this.length, 'the bit is inside the bitfield');
    if (this.has(index)) return false;
    this.#bytes[index >> 3]! |= 0x80 >> (index & 7);
    this.#count += 1;
    return true;
  }

  /** Clears one bit; returns whether it was set before. */
  clear(index: number): boolean {
    invariant(index >= 0 && index < this.length, 'the bit is inside the bitfield');
    if (!this.has(index)) return false;
    this.#bytes[index >> 3]! &= ~(0x80 >> (index & 7));
    this.#count -= 1;
    return true;
  }

  /** Sets what is set in `other`, which is as long. */
  addAll(other: Bitfield): void {
    this.#count = 0;
    for (let byte = 0; byte < this.#bytes.length; byte += 1) {
      this.#bytes[byte]! |= other.#bytes[byte]!;
      this.#count += bitCount(this.#bytes[byte]!);
    }
  }

  /** Whether everything set in `other`, which is as long, is set here. */
  hasAll(other: Bitfield): boolean {
    return other.#bytes.every((byte, i) => (byte & ~this.#bytes[i]!) === 0);
  }

  /** The indices of the set bits, ascending. */
  *ones(): Generator<number> {
    for (let byte = 0; byte < this.#bytes.length; byte += 1) {
      if (this.#bytes[byte] === 0) continue;
      for (let index = byte * 8; index < Math.min(byte * 8 + 8, this.length); index += 1)
        if (this.has(index)) yield index;
    }
  }

  /** The indices set both here and in `other`, ascending from the byte of `from` and then around from the start. */
  *common(other: Bitfield, from = 0): Generator<number> {
    const size = Math.min(this.#bytes.length, other.#bytes.length);
    const first = from >> 3;
    for (let step = 0; step < size; step += 1) {
      const byte = (first + step) % size;
      let both = this.#bytes[byte]! & other.#bytes[byte]!;
      while (both !== 0) {
        const high = 31 - Math.clz32(both);
        both ^= 1 << high;
        yield byte * 8 + 7 - high;
      }
    }
  }

  /** A copy of the bits as bytes. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }

  clone(): Bitfield {
    const copy = new Bitfield(this.length);
    copy.#bytes.set(this.#bytes);
    copy.#count = this.#count;
    return copy;
  }
}

function bitCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
