// What happened in a run, as one short number: two runs with the same hash did the same things in the same order.
// FNV-1a with 64 bits in two lanes; it guards against accidents, not against an adversary.

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x84222325;
  #length = 0;
  readonly #listen: ((line: string) => void) | undefined;

  /** `listen` sees every line, for a look into a failing run. */
  constructor(listen?: (line: string) => void) {
    this.#listen = listen;
  }

  /** How many lines so far. */
  get length(): number {
    return this.#length;
  }

  note(line: string): void {
    this.#length += 1;
    for (let i = 0; i < line.length; i += 1) this.#mix(line.charCodeAt(i));
    this.#mix(10);
    this.#listen?.(line);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #mix(code: number): void {
    this.#low = Math.imul(this.#low ^ code, 0x01000193);
    this.#high = Math.imul(this.#high ^ code ^ (this.#low >>> 15), 0x85ebca6b);
  }
}
