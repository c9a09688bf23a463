// Windows (RFC 9000 section 4), counted in sealed bytes: what we grant to the remote, and what it granted to us.

/** What one side has granted: a total that only grows, as the reader consumes. */
export class ReceiveWindow {
  readonly #windowBytes: number;
  #granted: number;
  #received = 0;
  #consumed = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
    this.#granted = windowBytes;
  }

  /** The limit last told to the remote. */
  get granted(): number {
    return this.#granted;
  }

  /** True when `bytes` more may arrive. */
  allows(bytes: number): boolean {
    return this.#received + bytes <= this.#granted;
  }

  receive(bytes: number): void {
    this.#received += bytes;
  }

  /** Notes that the reader took so many; true when that is worth telling the remote (half a window). */
  consume(bytes: number): boolean {
    this.#consumed += bytes;
    return this.#granted - this.#consumed <= this.#windowBytes / 2;
  }

  /** Raises the limit to a whole window ahead of the reader, and returns it. */
  grant(): number {
    this.#granted = this.#consumed + this.#windowBytes;
    return this.#granted;
  }
}

/** What the remote has granted to us over all streams. */
export class SendCredit {
  #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get available(): number {
    return this.#limit - this.#used;
  }

  /** Bytes sealed so far. */
  get used(): number {
    return this.#used;
  }

  use(bytes: number): void {
    this.#used += bytes;
  }

  /** Limits never shrink: an older frame that arrives late says nothing. */
  raise(limit: number): boolean {
    if (limit <= this.#limit) return false;
    this.#limit = limit;
    return true;
  }
}
