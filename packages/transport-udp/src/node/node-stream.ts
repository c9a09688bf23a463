// A stream for people who await: back-pressured writes, reading by `for await`.

import type { ReadableStream, WritableStream } from 'node:stream/web';
import { type ShoalError, UsageError } from '@shoal/machine';
import type { Stream, StreamPriority } from '../streams/stream.ts';
import { streamError } from './transport-errors.ts';
import type { Reason } from '../codes.ts';
import { Waiting } from './waiting.ts';
import { readableOver, writableOver } from './web-streams.ts';

/** A writer waits while more than this lies unsent. */
const queueBytesMax = 2 ** 20;

/** Both directions of one stream. Leaving a `for await` early tells the remote to stop sending. */
export class NodeStream implements AsyncIterable<Uint8Array> {
  readonly #stream: Stream;
  /** Calls into the machine: everything must be followed by its drain. */
  readonly #tell: (call: () => void) => void;
  readonly #readable = new Waiting();
  readonly #writable = new Waiting();
  readonly #finished = new Waiting();
  #readFailure: ShoalError | undefined;
  #finishing = false;
  #readableView: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writableView: WritableStream<Uint8Array> | undefined;

  constructor(stream: Stream, tell: (call: () => void) => void) {
    this.#stream = stream;
    this.#tell = tell;
    stream.context = this;
  }

  /** The same number at both ends. */
  get id(): number {
    return this.#stream.id;
  }

  /** Who leaves first among our streams: 0 before 1 (default) before 2. */
  set priority(priority: StreamPriority) {
    this.#stream.priority = priority;
  }

  /**
   * Sends `bytes`, which are handed over and must not change any more. Resolves when there is room for more. Fails with
   * ShoalError `refused` (the remote wants no more), `connectionLost` and its like, or `aborted`.
   */
  async write(bytes: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#finishing) throw new UsageError('write', 'nothing can be written after finish');
    while (this.#stream.queuedBytes >= queueBytesMax && this.#stream.sendState === 'open') {
      this.#stream.notifyBelow(queueBytesMax / 2);
      await this.#writable.next(signal);
    }
    if (this.#stream.sendState !== 'open') await this.#writable.next(signal); // fails with the reason
    this.#tell(() => this.#stream.write(bytes));
  }

  /** Ends our direction. Resolves when the remote has received everything; fails as `write` does. */
  async finish({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#finishing = true;
    if (this.#stream.sendState === 'finished') return;
    const finished = this.#finished.next(signal);
    this.#tell(() => this.#stream.finish());
    await finished;
  }

  /** Gives our direction up; the remote learns `code` (0 and up). */
  reset(code = 0): void {
    this.#tell(() => this.#stream.reset(code));
    this.#failSending(streamError(code));
  }

  /** Wants no more of the remote's direction; the remote learns `code` (0 and up). */
  stop(code = 0): void {
    this.#tell(() => this.#stream.stop(code));
    this.#failReading(streamError(code));
  }

  /** The next bytes in memory of their own; undefined at the end. Fails like `write`, or with `verificationFailed`. */
  async read({ signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    for (;;) {
      const part = this.#take();
      if (part !== undefined && part.length > 0) return part; // an end without bytes comes as an empty part
      if (this.#stream.receiveState === 'finished') return undefined;
      if (this.#readFailure !== undefined) throw this.#readFailure;
      if (part === undefined) await this.#readable.next(signal);
    }
  }

  /**
   * Gives bytes that `read` brought back, when nobody will look at them again: their memory serves for what comes next.
   * Never needed, but fast transfers are faster with it.
   */
  recycle(bytes: Uint8Array): void {
    this.#stream.recycle(bytes);
  }

  /**
   * The remote's direction as a Web stream of bytes. Use it, or `read` and `for await`, not both. Cancelled with a whole
   * number, it tells the remote that code.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return (this.#readableView ??= readableOver(this));
  }

  /** Our direction as a Web stream, in the same way: what is written is handed over, an abort may name a code. */
  get writable(): WritableStream<Uint8Array> {
    return (this.#writableView ??= writableOver(this));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (let part = await this.read(); part !== undefined; part = await this.read()) yield part;
    } finally {
      if (this.#stream.receiveState === 'open') this.stop();
    }
  }

  /** Internal: resolves when the remote has everything, fails when our direction is given up. */
  get sendingOver(): Promise<void> {
    return this.#stream.sendState === 'finished' ? Promise.resolve() : this.#finished.next();
  }

  /** Internal: what happened on the stream, or on its connection. */
  happened(what: 'readable' | 'writable' | 'finished'): void {
    if (what === 'readable') this.#readable.happen();
    else if (what === 'writable') this.#writable.happen();
    else this.#finished.happen();
  }

  /** Internal: the remote, or the connection, gave a direction up. */
  failed(direction: 'reading' | 'sending' | 'both', why: Reason | ShoalError): void {
    const error = why instanceof Error ? why : streamError(why);
    if (direction !== 'sending') this.#failReading(error);
    if (direction !== 'reading') this.#failSending(error);
  }

  #take(): Uint8Array | undefined {
    let part: Uint8Array | undefined;
    // A plain read would do, but reading may move windows that the remote has to be told of.
    this.#tell(() => (part = this.#stream.read()));
    return part;
  }

  #failReading(error: ShoalError): void {
    this.#readFailure ??= error;
    this.#readable.fail(error);
  }

  #failSending(error: ShoalError): void {
    this.#writable.fail(error);
    this.#finished.fail(error);
  }
}
