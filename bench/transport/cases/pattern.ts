// The bytes that bulk streams carry, over and over, and the check that they arrived as sent.

export const patternBytes = 2 ** 18;
export const pattern: Buffer = Buffer.from(
  Uint32Array.from({ length: patternBytes / 4 }, (_, index) => Math.imul(index + 1, 2_654_435_761)).buffer,
);

export class PatternCheck {
  #at = 0;

  /** How many of the stream's next bytes are not what was sent. */
  damagedBytes(part: Uint8Array): number {
    let damaged = 0;
    for (let from = 0; from < part.length;) {
      const length = Math.min(part.length - from, patternBytes - this.#at);
      const [got, sent] = [part.subarray(from, from + length), pattern.subarray(this.#at, this.#at + length)];
      if (Buffer.compare(got, sent) !== 0) damaged += got.reduce((sum, byte, i) => sum + (byte === sent[i] ? 0 : 1), 0);
      from += length;
      this.#at = (this.#at + length) % patternBytes;
    }
    return damaged;
  }
}
