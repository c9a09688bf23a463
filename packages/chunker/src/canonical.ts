// The part of msgpack that manifests and tickets are written in, in its one shortest form: unsigned integers, UTF-8
// text, bytes, booleans, arrays. A swarmId is the hash of such bytes, so exactly one encoding may exist, whatever a
// library chooses (msgpackr writes integers from 2^32 on as floats), and hostile bytes meet a reader that knows
// nothing else. https://github.com/msgpack/msgpack/blob/master/spec.md

import { invariant } from '@shoal/machine';
import { utf8Bytes } from './safe-path.ts';

const utf8 = new TextEncoder();

/** Appends values to a growing buffer. Lengths of arrays are given first, their items follow as calls. */
export class CanonicalWriter {
  #bytes = new Uint8Array(256);
  #size = 0;

  array(length: number): this {
    if (length < 16) return this.#byte(0x90 | length);
    return length < 0x1_0000 ? this.#number(0xdc, length, 2) : this.#number(0xdd, length, 4);
  }

  uint(value: number): this {
    invariant(Number.isSafeInteger(value) && value >= 0, 'only whole numbers from 0 are written');
    if (value < 0x80) return this.#byte(value);
    if (value < 0x100) return this.#number(0xcc, value, 1);
    if (value < 0x1_0000) return this.#number(0xcd, value, 2);
    return value < 0x1_0000_0000 ? this.#number(0xce, value, 4) : this.#number(0xcf, value, 8);
  }

  boolean(value: boolean): this {
    return this.#byte(value ? 0xc3 : 0xc2);
  }

  /** Well-formed text. */
  text(value: string): this {
    const length = utf8Bytes(value);
    if (length < 32) this.#byte(0xa0 | length);
    else this.#lengthHeader([0xd9, 0xda, 0xdb], length);
    this.#room(length);
    utf8.encodeInto(value, this.#bytes.subarray(this.#size));
    this.#size += length;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#lengthHeader([0xc4, 0xc5, 0xc6], value.length);
    return this.#append(value);
  }

  /** A copy of everything written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  /** A view of everything written, good until the next call: what comes then is written in the same memory. */
  takeView(): Uint8Array {
    const view = this.#bytes.subarray(0, this.#size);
    this.#size = 0;
    return view;
  }

  #lengthHeader(tags: readonly [number, number, number], length: number): void {
    if (length < 0x100) this.#number(tags[0], length, 1);
    else if (length < 0x1_0000) this.#number(tags[1], length, 2);
    else this.#number(tags[2], length, 4);
  }

  #byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#size++] = value;
    return this;
  }

  /** A tag and an unsigned number of 1, 2, 4 or 8 bytes, big-endian. */
  #number(tag: number, value: number, width: number): this {
    this.#byte(tag).#room(width);
    for (let rest = value, at = this.#size + width - 1; at >= this.#size; at -= 1) {
      this.#bytes[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#size += width;
    return this;
  }

  #append(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
    return this;
  }

  #room(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a CanonicalWriter wrote. After anything else `failed` is true for good and every answer is a neutral value. */
export class CanonicalReader {
  readonly #bytes: Uint8Array;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #at = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  /** True when everything was read and was right. */
  get done(): boolean {
    return !this.#failed && this.#at === this.#bytes.length;
  }

  /** The length of an array of at most `lengthMax` items, which follow; 0 on failure. Never more than there are bytes left. */
  array(lengthMax: number): number {
    const tag = this.#byte();
    const length = (tag & 0xf0) === 0x90 ? tag & 15 : this.#length(tag, [-1, 0xdc, 0xdd], 16);
    return length <= lengthMax && length <= this.#bytes.length - this.#at ? length : this.#fail();
  }

  /** A whole number from 0 to `max`, at most 2^53 - 1. */
  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const tag = this.#byte();
    const value = tag < 0x80 ? tag : this.#uintAfter(tag);
    return value <= max ? value : this.#fail();
  }

  boolean(): boolean {
    const tag = this.#byte();
    if (tag !== 0xc2 && tag !== 0xc3) this.#fail();
    return tag === 0xc3;
  }

  /** Text of at most `bytesMax` bytes of UTF-8. */
  text(bytesMax: number): string {
    const tag = this.#byte();
    const length = (tag & 0xe0) === 0xa0 ? tag & 31 : this.#length(tag, [0xd9, 0xda, 0xdb], 32);
    if (length > bytesMax) this.#fail();
    const bytes = this.#take(length);
    try {
      return this.#utf8.decode(bytes);
    } catch {
      this.#fail(); // the decoder's one way to say "not UTF-8"
      return '';
    }
  }

  /** Exactly `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    const bytes = this.bytesUpTo(length);
    return bytes.length === length ? bytes : this.#take(Infinity);
  }

  /** At most `lengthMax` bytes, as a view. */
  bytesUpTo(lengthMax: number): Uint8Array {
    const length = this.#length(this.#byte(), [0xc4, 0xc5, 0xc6], 0);
    return this.#take(length > lengthMax ? Infinity : length);
  }

  #uintAfter(tag: number): number {
    if (tag === 0xcc) return this.#number(1, 0x80);
    if (tag === 0xcd) return this.#number(2, 0x100);
    if (tag === 0xce) return this.#number(4, 0x1_0000);
    return tag === 0xcf ? this.#number(8, 0x1_0000_0000) : this.#fail();
  }

  /** A length after one of three tags, for widths 1, 2 and 4; `short` is where the form without a width ends. */
  #length(tag: number, tags: readonly [number, number, number], short: number): number {
    if (tag === tags[0]) return this.#number(1, short);
    if (tag === tags[1]) return this.#number(2, tags[0] < 0 ? short : 0x100);
    return tag === tags[2] ? this.#number(4, 0x1_0000) : this.#fail();
  }

  /** A big-endian number, refused below `least`, where a shorter form exists, and above 2^53 - 1. */
  #number(width: number, least: number): number {
    let value = 0;
    for (let left = width; left > 0; left -= 1) value = value * 256 + this.#byte();
    return !this.#failed && value >= least && value <= Number.MAX_SAFE_INTEGER ? value : this.#fail();
  }

  #byte(): number {
    // A view of one byte would cost more than all else that is done with it.
    return this.#failed || this.#at === this.#bytes.length ? this.#fail() : this.#bytes[this.#at++]!;
  }

  #take(count: number): Uint8Array {
    if (this.#failed || count > this.#bytes.length - this.#at) {
      this.#fail();
      return new Uint8Array(0);
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #fail(): number {
    this.#failed = true;
    return 0;
  }
}
