// Counts who looks at a body, since one chunk may be kept as recent and under way to several remotes at once. A holder
// that never drops what it holds costs no more than that its memory is left to the collector.

export class BodyHolders {
  readonly #recycle: (body: Uint8Array) => void;
  readonly #counts = new WeakMap<Uint8Array, number>();

  /** `recycle` is told of bodies that nobody holds any more. */
  constructor(recycle: (body: Uint8Array) => void) {
    this.#recycle = recycle;
  }

  hold(body: Uint8Array): void {
    this.#counts.set(body, (this.#counts.get(body) ?? 0) + 1);
  }

  drop(body: Uint8Array): void {
    const left = (this.#counts.get(body) ?? 0) - 1;
    if (left < 0) return; // never held
    if (left > 0) return void this.#counts.set(body, left);
    this.#counts.delete(body);
    this.#recycle(body);
  }
}
