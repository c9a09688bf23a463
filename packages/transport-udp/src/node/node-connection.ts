// A connection for people who await.

import type { Address, Instant, PeerId, ShoalError } from '@shoal/machine';
import type { Reason } from '../codes.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionStats } from '../connection/connection-facts.ts';
import type { StreamEvent } from '../connection/stream-table.ts';
import type { Stream, StreamPriority } from '../streams/stream.ts';
import { NodeStream } from './node-stream.ts';
import { connectionError } from './transport-errors.ts';
import { Arrivals, Waiting } from './waiting.ts';

/** How a connection ended; `byRemote` when the remote said so. */
export interface ConnectionEnd {
  readonly reason: Reason;
  readonly byRemote: boolean;
}

/** Calls into the machine, which has to be drained afterwards. */
export type Tell = (call: (now: Instant) => void) => void;

export class NodeConnection implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #tell: Tell;
  readonly #opened = new Arrivals<NodeStream>();
  readonly #streamsAvailable = new Waiting();
  #end: ConnectionEnd | undefined;
  #ended: PromiseWithResolvers<ConnectionEnd> | undefined;

  /** Made by an endpoint. */
  constructor(connection: Connection, tell: Tell) {
    this.#connection = connection;
    this.#tell = tell;
    connection.context = this;
  }

  /** Its name in events. */
  get id(): string {
    return this.#connection.id;
  }

  /** The remote's authenticated identity. */
  get peer(): PeerId {
    return this.#connection.peer!;
  }

  /** Where the remote's packets come from. */
  get address(): Address {
    return this.#connection.address;
  }

  get stats(): ConnectionStats {
    return this.#connection.stats;
  }

  /** Resolves when the connection is over, for whatever reason. */
  get closed(): Promise<ConnectionEnd> {
    this.#ended ??= Promise.withResolvers();
    if (this.#end !== undefined) this.#ended.resolve(this.#end);
    return this.#ended.promise;
  }

  /** A new stream, as soon as the remote takes one more. Fails with the connection's error, or `aborted`. */
  async openStream(options: { priority?: StreamPriority; signal?: AbortSignal } = {}): Promise<NodeStream> {
    for (;;) {
      let stream: Stream | undefined;
      this.#tell(() => (stream = this.#connection.openStream()));
      if (stream !== undefined) {
        stream.priority = options.priority ?? 1;
        return new NodeStream(stream, this.#tell);
      }
      await this.#streamsAvailable.next(options.signal);
    }
  }

  /** Streams the remote opens, until the connection is over. One taker at a time. */
  streams(): AsyncIterableIterator<NodeStream, undefined> {
    return this.#opened;
  }

  /** Ends the connection when the remote has everything written, or after 2 seconds; it learns `code` (0 and up). */
  close(code = 0): Promise<ConnectionEnd> {
    this.#tell((now) => this.#connection.close(now, code, { flush: true }));
    this.ended({ reason: code, byRemote: false });
    return this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Internal: something happened on one of its streams. */
  handle(event: StreamEvent): void {
    if (event.type === 'streamsAvailable') return this.#streamsAvailable.happen();
    if (event.type === 'streamOpened') return this.#opened.push(new NodeStream(event.stream, this.#tell));
    const stream = event.stream.context as NodeStream;
    switch (event.type) {
      case 'streamReadable':
        return stream.happened('readable');
      case 'streamWritable':
        return stream.happened('writable');
      case 'streamFinished':
        return stream.happened('finished');
      case 'streamReset':
        return stream.failed(event.reason === 'damaged' ? 'both' : 'reading', event.reason);
      case 'streamStopped':
        return stream.failed('sending', event.reason);
      default:
        event satisfies never;
    }
  }

  /** Internal: the connection is over. */
  ended(end: ConnectionEnd): void {
    const error: ShoalError = connectionError(end.reason, end.byRemote);
    for (const { context } of this.#connection.streams())
      if (context instanceof NodeStream) context.failed('both', error);
    this.#streamsAvailable.fail(error);
    this.#opened.end();
    this.#end ??= end;
    this.#ended?.resolve(this.#end);
  }
}
