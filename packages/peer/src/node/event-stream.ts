// Events for anybody who iterates: each iteration gets what happens from its beginning on. An iteration that does not
// keep up loses the oldest events, never memory.

const bufferedMax = 4_096; // events kept for one slow reader

/** One source, any number of readers. */
export class EventStream<Event> implements AsyncIterable<Event> {
  readonly #readers = new Set<Reader<Event>>();
  #ended = false;

  push(event: Event): void {
    for (const reader of this.#readers) reader.push(event);
  }

  /** Readers get what they have not read yet, then end. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    const reader = new Reader<Event>();
    if (this.#ended) return;
    this.#readers.add(reader);
    try {
      for (let event = await reader.next(); event !== undefined; event = await reader.next()) yield event.value;
    } finally {
      this.#readers.delete(reader);
    }
  }
}

class Reader<Event> {
  readonly #buffer: Event[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(event: Event): void {
    this.#buffer.push(event);
    if (this.#buffer.length > bufferedMax) this.#buffer.shift();
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Undefined at the end. */
  async next(): Promise<{ readonly value: Event } | undefined> {
    while (this.#buffer.length === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#buffer.length === 0 ? undefined : { value: this.#buffer.shift()! };
  }
}
