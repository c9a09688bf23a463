// Memory of bodies, used again when whoever received one gives it back. Without that a fast transfer leaves megabytes of
// garbage outside of the collector's heap every few milliseconds, and collecting them costs more than receiving them.

/** Smaller bodies are cheaper to make than to keep. */
const smallestBytes = 32_768;
/** Larger ones are too rare, and too much to keep. */
const largestBytes = 2 ** 23;

/** Sizes are powers of two, so that chunks of changing sizes find memory that fits. */
export class BodyMemory {
  readonly #spare = new Map<number, ArrayBuffer[]>();
  readonly #spareBytesMax: number;
  /** By the very array that was lent: an older one over the same memory counts for nothing. */
  readonly #lent = new WeakSet<Uint8Array>();
  #spareBytes = 0;

  constructor(spareBytesMax: number = 2 ** 24) {
    this.#spareBytesMax = spareBytesMax;
  }

  /** What is kept for later. */
  get spareBytes(): number {
    return this.#spareBytes;
  }

  /** `count` bytes with any content: whoever takes them fills all of them before anybody reads. */
  take(count: number): Uint8Array {
    if (count < smallestBytes || count > largestBytes) return new Uint8Array(count);
    const size = 2 ** Math.ceil(Math.log2(count));
    let memory = this.#spare.get(size)?.pop();
    if (memory === undefined) memory = new ArrayBuffer(size);
    else this.#spareBytes -= size;
    const body = new Uint8Array(memory, 0, count);
    this.#lent.add(body);
    return body;
  }

  /** Nobody may look at `body` any more. What was not lent, or came back before, is left alone. */
  give(body: Uint8Array): void {
    const memory = body.buffer as ArrayBuffer;
    const size = memory.byteLength; // 0 when it was transferred to another thread
    if (!this.#lent.delete(body) || size === 0 || this.#spareBytes + size > this.#spareBytesMax) return;
    this.#spareBytes += size;
    const spare = this.#spare.get(size);
    if (spare === undefined) this.#spare.set(size, [memory]);
    else spare.push(memory);
  }
}
