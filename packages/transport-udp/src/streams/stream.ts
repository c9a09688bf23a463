// A stream as its user holds it: bytes both ways, in order, each direction ending for itself.

import { invariant } from '@shoal/machine';
import type { ReceiveStream } from './receive-stream.ts';
import type { SendStream } from './send-stream.ts';

/** What leaves first: all of a lower number before any of a higher one; turns are taken among equals. */
export type StreamPriority = 0 | 1 | 2;
export const streamPriorities = 3;

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** Something was written: the connection wants to transmit. */
  written(stream: Stream): void;
  read(stream: Stream): Uint8Array | undefined;
  /** The user's own number (0 and up) crosses the network. */
  reset(stream: Stream, code: number): void;
  stop(stream: Stream, code: number): void;
}

export class Stream {
  readonly id: number;
  /** True when this side opened it. */
  readonly local: boolean;
  /** May be changed at any time; concerns only what we send. */
  priority: StreamPriority = 1;
  /** For whoever uses the stream. */
  context: unknown;
  /** Internal: the two halves. */
  readonly sending: SendStream;
  readonly receiving: ReceiveStream;
  /** Internal: where it stands in line to send. */
  turn: StreamPriority | undefined;
  /** Internal: the remote has said how much it sent before it gave up. */
  resetSettled = false;
  readonly #owner: StreamOwner;
  #writableBelow = 0;

  constructor(id: number, local: boolean, sending: SendStream, receiving: ReceiveStream, owner: StreamOwner) {
    this.id = id;
    this.local = local;
    this.sending = sending;
    this.receiving = receiving;
    this.#owner = owner;
  }

  /** Bytes written that have not been sealed yet: what a writer should keep bounded. */
  get queuedBytes(): number {
    return this.sending.queuedBytes;
  }

  get sendState(): 'open' | 'finished' | 'reset' {
    return this.sending.state;
  }

  /** `finished`: the remote's last byte has been read. */
  get receiveState(): 'open' | 'finished' | 'reset' {
    return this.receiving.state;
  }

  /** Queues `bytes` without a copy: they must not change any more. Nothing happens on a stream given up. */
  write(bytes: Uint8Array): void {
    invariant(!this.sending.finishing, 'nothing is written after finish');
    if (this.sending.state !== 'open') return;
    this.sending.write(bytes);
    this.#owner.written(this);
  }

  /** Ends our direction behind what was written. `streamFinished` tells when the remote has everything. */
  finish(): void {
    if (this.sending.finishing || this.sending.state !== 'open') return;
    this.sending.finish();
    this.#owner.written(this);
  }

  /** The next bytes in order, in memory of their own; undefined when there are none now (see `receiveState`). */
  read(): Uint8Array | undefined {
    return this.#owner.read(this);
  }

  /** Gives memory that came from `read` back for use again: whoever read it has done so, and will not look again. */
  recycle(bytes: Uint8Array): void {
    this.receiving.recycle(bytes);
  }

  /** Gives our direction up: the remote learns `code` and need not get the rest. */
  reset(code: number): void {
    if (this.sending.state === 'open') this.#owner.reset(this, code);
  }

  /** Wants no more of the remote's direction: the remote learns `code`; nothing can be read after this. */
  stop(code: number): void {
    if (this.receiving.state === 'open') this.#owner.stop(this, code);
  }

  /** Asks for `streamWritable` once, when fewer than `bytes` are queued. */
  notifyBelow(bytes: number): void {
    this.#writableBelow = bytes;
  }

  /** Internal: true once when the queue has fallen below what was asked for. */
  takeWritable(): boolean {
    if (this.#writableBelow === 0 || this.sending.queuedBytes >= this.#writableBelow) return false;
    this.#writableBelow = 0;
    return true;
  }
}
