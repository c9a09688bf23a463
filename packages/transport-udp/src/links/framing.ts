// How messages, requests and answers stand in streams.
//   message stream    version 1, then for each message: length 4 | bytes
//   exchange, there   request; its end is the end of the stream
//   exchange, back    head length 4 | body length 8 | head | body

import { linkMessageBytesMax } from '@shoal/machine';
import { viewOf } from '../packet/header.ts';
import type { BodyMemory } from './body-memory.ts';

/** First byte of the message stream in each direction. */
export const linkVersion = 1;

export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(4 + message.length);
  viewOf(framed).setUint32(0, message.length);
  framed.set(message, 4);
  return framed;
}

/** What stands before the head and the body of an answer. */
export function frameAnswer(headBytes: number, bodyBytes: number): Uint8Array {
  const framed = new Uint8Array(12);
  const view = viewOf(framed);
  view.setUint32(0, headBytes);
  view.setUint32(4, Math.floor(bodyBytes / 2 ** 32));
  view.setUint32(8, bodyBytes >>> 0);
  return framed;
}

/** Fills memory whose size is known beforehand, however the bytes come. */
class Gatherer {
  readonly bytes: Uint8Array;
  filled = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get full(): boolean {
    return this.filled === this.bytes.length;
  }

  /** Takes what it needs from `part` on from `at`; returns where the rest begins. */
  take(part: Uint8Array, at: number): number {
    const count = Math.min(part.length - at, this.bytes.length - this.filled);
    this.bytes.set(part.subarray(at, at + count), this.filled);
    this.filled += count;
    return at + count;
  }
}

/** Cuts the bytes of a message stream into messages. */
export class MessageReader {
  #length: Gatherer | undefined;
  #version: number | undefined;
  #message: Gatherer | undefined;

  /** Tells every message that `part` completes; false when the remote breaks the format or its limit. */
  push(part: Uint8Array, tell: (message: Uint8Array) => void): boolean {
    let at = 0;
    if (this.#version === undefined && part.length > 0) {
      this.#version = part[0];
      at = 1;
    }
    if (this.#version !== linkVersion) return false;
    while (at < part.length) {
      if (this.#message === undefined) {
        this.#length ??= new Gatherer(new Uint8Array(4));
        at = this.#length.take(part, at);
        if (!this.#length.full) return true;
        const length = viewOf(this.#length.bytes).getUint32(0);
        this.#length = undefined;
        if (length > linkMessageBytesMax) return false;
        this.#message = new Gatherer(new Uint8Array(length));
      }
      at = this.#message.take(part, at);
      if (!this.#message.full) return true;
      tell(this.#message.bytes);
      this.#message = undefined;
    }
    return true;
  }
}

/**
 * Gathers a request, whose length is known only at its end. It copies: the parts may be as small as a remote likes, even
 * empty, and each would keep more than it says.
 */
export class RequestReader {
  #bytes: Uint8Array = new Uint8Array();
  #filled = 0;

  /** False when the request is larger than requests may be. */
  push(part: Uint8Array): boolean {
    const needed = this.#filled + part.length;
    if (needed > linkMessageBytesMax) return false;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#filled);
    this.#filled = needed;
    return true;
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#filled);
  }
}

export type AnswerProgress = 'more' | 'whole' | 'tooLarge' | 'protocolViolated';

/** Gathers an answer. Memory for the body is taken once, and only if the body is as small as promised. */
export class AnswerReader {
  readonly #bodyBytesMax: number;
  readonly #memory: BodyMemory;
  readonly #lengths = new Gatherer(new Uint8Array(12));
  #head: Gatherer | undefined;
  #body: Gatherer | undefined;

  constructor(bodyBytesMax: number, memory: BodyMemory) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#memory = memory;
  }

  get head(): Uint8Array {
    return this.#head?.bytes ?? new Uint8Array();
  }

  get body(): Uint8Array {
    return this.#body?.bytes ?? new Uint8Array();
  }

  get bodyBytes(): number {
    return this.#body?.filled ?? 0;
  }

  push(part: Uint8Array): AnswerProgress {
    let at = this.#lengths.take(part, 0);
    if (!this.#lengths.full) return 'more';
    if (this.#head === undefined || this.#body === undefined) {
      const view = viewOf(this.#lengths.bytes);
      const headBytes = view.getUint32(0);
      const bodyBytes = view.getUint32(4) * 2 ** 32 + view.getUint32(8);
      if (headBytes > linkMessageBytesMax) return 'protocolViolated';
      if (bodyBytes > this.#bodyBytesMax) return 'tooLarge';
      this.#head = new Gatherer(new Uint8Array(headBytes));
      this.#body = new Gatherer(this.#memory.take(bodyBytes));
    }
    at = this.#head.take(part, at);
    at = this.#body.take(part, at);
    if (at < part.length) return 'protocolViolated';
    return this.#head.full && this.#body.full ? 'whole' : 'more';
  }
}
