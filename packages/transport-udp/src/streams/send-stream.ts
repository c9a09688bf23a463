// The sending half of a stream: takes bytes, seals them into records when they are about to leave, hands out pieces
// for packets, and keeps sealed records until they are acknowledged. Sizes and offsets count sealed bytes unless they say plain.

import { RangeSet } from '@shoal/machine';
import { type Aead, tagBytes } from '../crypto.ts';
import type { SendCredit } from './flow-control.ts';
import { type RecordMemory, recordPlaintextBytesMax, sealRecord } from './record.ts';

/** Records shrink to this where the network damages packets, and grow back as they get through. */
const recordPlaintextBytesMin = 8_176;

/** Gaps remembered in the numbers of repairs. They come nearly in order; with more gaps the remote makes them up. */
const repairGapsMax = 64;

/** Writes that are sealed stay in the array until there are so many: taking one off the front each time is slow. */
const chunksKept = 256;

interface SealedRecord {
  readonly start: number;
  readonly sealed: Uint8Array;
  readonly last: boolean;
}

/** A part of a record for one packet. One object is reused for all (no allocation on the hot path). */
export interface Piece {
  stream: number;
  record: Uint8Array;
  recordStart: number;
  pieceOffset: number;
  length: number;
  last: boolean;
}

/** What the sending half needs from its connection. */
export interface SendContext {
  readonly aead: Aead;
  readonly memory: RecordMemory;
  readonly credit: SendCredit;
  /** Sealed bytes that left more than once. */
  resentBytes: number;
}

export class SendStream {
  readonly id: number;
  readonly #context: SendContext;
  /** What was written: from `#chunkHead` on, and there from `#chunkAt` on, it is not sealed yet. */
  #chunks: Uint8Array[] = [];
  #chunkHead = 0;
  #chunkAt = 0;
  #queuedBytes = 0;
  #finishing = false;
  #records: SealedRecord[] = [];
  #recordPlaintextBytes = recordPlaintextBytesMax;
  #sealedEnd = 0;
  #sentEnd = 0;
  #lastSealed = false;
  #limit: number;
  readonly #lost = new RangeSet();
  readonly #acked = new RangeSet();
  /** Numbers of the repairs made: a frame may come twice. */
  readonly #repaired = new RangeSet();
  #state: 'open' | 'finished' | 'reset' = 'open';

  constructor(id: number, limit: number, context: SendContext) {
    this.id = id;
    this.#limit = limit;
    this.#context = context;
  }

  /** `finished`: the remote has everything, the end included. */
  get state(): 'open' | 'finished' | 'reset' {
    return this.#state;
  }

  /** Plain bytes written and not yet sealed. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Sealed bytes kept because the remote has not acknowledged everything before them. */
  get retainedBytes(): number {
    const first = this.#records[0];
    return first === undefined ? 0 : this.#sealedEnd - first.start;
  }

  get finishing(): boolean {
    return this.#finishing;
  }

  /** How much of the connection's window it has used. */
  get finalOffset(): number {
    return this.#sealedEnd;
  }

  /** True when nothing written is waiting to be sent or acknowledged. */
  get idle(): boolean {
    const allAcked = this.#ackedPrefix === this.#sealedEnd;
    return this.#state !== 'open' || (this.#queuedBytes === 0 && allAcked && this.#finishing === this.#lastSealed);
  }

  /** Queues `bytes` without copying them: they must not change any more. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** Nothing will be written after this. */
  finish(): void {
    this.#finishing = true;
  }

  /** Gives everything up. */
  reset(): void {
    this.#state = 'reset';
    this.#forget();
  }

  /** The remote grants bytes up to `limit`. */
  raiseLimit(limit: number): boolean {
    if (limit <= this.#limit) return false;
    this.#limit = limit;
    return true;
  }

  /** True when `take` has something to give. */
  get sendable(): boolean {
    if (this.#state !== 'open') return false;
    return this.#lost.rangeCount > 0 || this.#sentEnd < this.#sealedEnd || this.#nextRecordBytes() > 0;
  }

  /** True when it has bytes that the remote, or what may be kept for it, has no room for. */
  get isHeldBack(): boolean {
    return this.#state === 'open' && this.#queuedBytes > 0 && this.#nextRecordBytes() === 0;
  }

  /** Fills `piece` with at most `room` bytes, lost ones first; false when there is nothing that may be sent. */
  take(room: number, piece: Piece): boolean {
    const lost = this.#lost.first;
    if (lost !== undefined) {
      const length = this.#fill(lost.start, Math.min(room, lost.end - lost.start), piece);
      this.#lost.remove(lost.start, lost.start + length);
      this.#context.resentBytes += length;
      return true;
    }
    if (this.#sentEnd === this.#sealedEnd && !this.#sealNext()) return false;
    this.#sentEnd += this.#fill(this.#sentEnd, room, piece);
    return true;
  }

  /** True when with this the remote has everything. */
  acknowledge(offset: number, length: number): boolean {
    if (this.#state !== 'open') return false;
    this.#acked.add(offset, offset + length);
    if (this.#lost.rangeCount > 0) this.#lost.remove(offset, offset + length);
    const prefix = this.#ackedPrefix;
    while (this.#records.length > 0 && this.#records[0]!.start + this.#records[0]!.sealed.length <= prefix) {
      const { sealed } = this.#records.shift()!;
      this.#context.memory.give(sealed);
      this.#context.credit.release(sealed.length);
      this.#recordPlaintextBytes = Math.min(this.#recordPlaintextBytes + 512, recordPlaintextBytesMax);
    }
    if (this.#lastSealed && prefix === this.#sealedEnd) this.#state = 'finished';
    return this.#state === 'finished';
  }

  /** Has to be sent again, except what another packet has brought meanwhile. */
  lose(offset: number, length: number): void {
    if (this.#state !== 'open') return;
    for (const gap of this.#acked.gaps(offset, offset + length)) this.#lost.add(gap.start, gap.end);
  }

  /** The remote could not open a record: all of it has to be sent again. False when that cannot be. */
  repair(start: number, repair: number): boolean {
    if (this.#state === 'reset' || this.#repaired.has(repair)) return true;
    const record = this.#records.find((one) => one.start === start);
    if (record === undefined || this.#repaired.rangeCount > repairGapsMax) return false;
    this.#repaired.add(repair, repair + 1);
    this.#recordPlaintextBytes = Math.max(this.#recordPlaintextBytes >> 1, recordPlaintextBytesMin);
    const end = start + record.sealed.length;
    this.#acked.remove(start, end);
    this.#lost.add(start, Math.min(end, this.#sentEnd));
    return true;
  }

  /** Points `piece` at up to `room` bytes from `offset` on, not beyond the record they stand in. */
  #fill(offset: number, room: number, piece: Piece): number {
    const record = this.#recordAt(offset);
    piece.stream = this.id;
    piece.record = record.sealed;
    piece.recordStart = record.start;
    piece.pieceOffset = offset - record.start;
    piece.length = Math.min(room, record.sealed.length - piece.pieceOffset);
    piece.last = record.last;
    return piece.length;
  }

  /** Everything before it has been acknowledged. */
  get #ackedPrefix(): number {
    const first = this.#acked.first;
    return first?.start === 0 ? first.end : 0;
  }

  #recordAt(offset: number): SealedRecord {
    const newest = this.#records.at(-1)!;
    if (offset >= newest.start) return newest;
    let [low, high] = [0, this.#records.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#records[middle]!.start <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#records[low]!;
  }

  /**
   * Sealed size of the record that could be made now, or 0. A record that does not fit the granted window waits for a
   * larger one: receivers grant at least two records, and half a window at a time.
   */
  #nextRecordBytes(): number {
    if (this.#lastSealed || (this.#queuedBytes === 0 && !this.#finishing)) return 0;
    const bytes = Math.min(this.#queuedBytes, this.#recordPlaintextBytes) + tagBytes;
    return bytes <= this.#limit - this.#sealedEnd && bytes <= this.#context.credit.available ? bytes : 0;
  }

  #sealNext(): boolean {
    const bytes = this.#nextRecordBytes();
    if (bytes === 0) return false;
    const { aead, memory, credit } = this.#context;
    const plaintext = this.#gather(bytes - tagBytes);
    const last = this.#finishing && this.#queuedBytes === 0;
    const sealed = memory.take(bytes);
    sealRecord(aead, this.id, this.#sealedEnd, last, plaintext, sealed);
    this.#records.push({ start: this.#sealedEnd, sealed, last });
    this.#sealedEnd += bytes;
    this.#lastSealed = last;
    credit.use(bytes);
    return true;
  }

  /** Takes `count` plain bytes off the queue: a view of one write where it reaches, else gathered into scratch memory. */
  #gather(count: number): Uint8Array {
    this.#queuedBytes -= count;
    const first = this.#chunks[this.#chunkHead];
    if (first !== undefined && first.length - this.#chunkAt >= count) return this.#takeFromFirst(first, count);
    const whole = this.#context.memory.scratch.subarray(0, count);
    for (let at = 0; at < count;) {
      const chunk = this.#chunks[this.#chunkHead]!;
      const part = this.#takeFromFirst(chunk, Math.min(count - at, chunk.length - this.#chunkAt));
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #takeFromFirst(chunk: Uint8Array, count: number): Uint8Array {
    const part = chunk.subarray(this.#chunkAt, this.#chunkAt + count);
    this.#chunkAt += count;
    if (this.#chunkAt === chunk.length) {
      this.#chunkHead += 1;
      this.#chunkAt = 0;
      if (this.#chunkHead === this.#chunks.length || this.#chunkHead === chunksKept) {
        this.#chunks = this.#chunks.slice(this.#chunkHead);
        this.#chunkHead = 0;
      }
    }
    return part;
  }

  #forget(): void {
    this.#chunks = [];
    this.#chunkHead = 0;
    this.#chunkAt = 0;
    this.#queuedBytes = 0;
    this.#context.credit.release(this.retainedBytes);
    for (const { sealed } of this.#records) this.#context.memory.give(sealed);
    this.#records = [];
    this.#lost.clear();
    this.#acked.clear();
  }
}
