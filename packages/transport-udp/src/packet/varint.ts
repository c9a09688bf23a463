// Variable-length integers and cursors over bytes (RFC 9000 section 16). A reader never throws: reading past the end
// or a number above 2^53 - 1 sets `failed`, and everything read from then on is 0.

/** Largest number a varint of ours can hold. */
export const varintMax: number = Number.MAX_SAFE_INTEGER;

/** How many bytes `value` takes. */
export const varintBytes = (value: number): number =>
  value < 0x40 ? 1 : value < 0x4000 ? 2 : value < 0x4000_0000 ? 4 : 8;

/** Reads numbers and byte strings from the front. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.failed ? 0 : this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#take(1) ? this.#bytes[this.#at - 1]! : 0;
  }

  varint(): number {
    const first = this.byte();
    const more = (1 << (first >> 6)) - 1;
    if (!this.#take(more)) return 0;
    let value = first & 0x3f;
    for (let i = this.#at - more; i < this.#at; i += 1) value = value * 256 + this.#bytes[i]!;
    if (value > varintMax) this.failed = true;
    return this.failed ? 0 : value;
  }

  /** Passes over every next byte that is `value`. */
  skip(value: number): void {
    while (this.#at < this.#bytes.length && this.#bytes[this.#at] === value) this.#at += 1;
  }

  /** The next `count` bytes, as a view; empty when there are fewer. */
  bytes(count: number): Uint8Array {
    return this.#take(count) ? this.#bytes.subarray(this.#at - count, this.#at) : new Uint8Array();
  }

  #take(count: number): boolean {
    if (this.failed || this.#bytes.length - this.#at < count) this.failed = true;
    else this.#at += count;
    return !this.failed;
  }
}

/** Writes numbers and byte strings into memory it is given. The caller checks `room` first. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#at;
  }

  get room(): number {
    return this.#bytes.length - this.#at;
  }

  /** Everything written so far, as a view. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  byte(value: number): void {
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  varint(value: number): void {
    const length = varintBytes(value);
    let rest = value;
    for (let i = length - 1; i >= 0; i -= 1) {
      this.#bytes[this.#at + i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#bytes[this.#at] = this.#bytes[this.#at]! | (Math.log2(length) << 6);
    this.#at += length;
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }
}
