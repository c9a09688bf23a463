// The receiving half of a stream: puts pieces back together into records, opens each record once it is whole, and hands
// the plaintext out in order. Whatever bulk packets say is checked here; none of it can do more than spoil this stream.

import { type Instant, RangeSet } from '@shoal/machine';
import { type Aead, tagBytes } from '../crypto.ts';
import type { BulkHeader } from '../packet/header.ts';
import type { ReceiveWindow } from './flow-control.ts';
import { openRecord, type RecordMemory } from './record.ts';

/** Filled by calls that consume: which windows have moved so far that the remote should be told. */
export interface Grants {
  stream: boolean;
  connection: boolean;
}

/** What the receiving half needs from its connection. */
export interface ReceiveContext {
  readonly aead: Aead;
  readonly memory: RecordMemory;
  readonly window: ReceiveWindow;
  /** Records begun and not yet read, of all streams. */
  recordsHeld: number;
}

interface Assembly {
  readonly sealed: Uint8Array;
  readonly last: boolean;
  /** Everything before it has arrived; `later` holds what arrived beyond. */
  prefix: number;
  later: RangeSet | undefined;
  /** It did not open, and the remote does not know yet that all of it is wanted again. */
  spoilt: boolean;
}

interface OpenedRecord {
  readonly plaintext: Uint8Array;
  readonly recordBytes: number;
  readonly last: boolean;
}

/**
 * `known`: arrived before. `refused`: contradicts what is known or granted. `whole`: readable bytes or the end were
 * added. `spoilt`: its record did not open and is wanted again. `damaged`: that has happened too often.
 * A packet refused or spoilt must not be acknowledged: the sender keeps a record until all of it is. For the same
 * reason no piece of a spoilt record counts until the sender is known to have heard that it must send all of it again.
 */
export type PieceOutcome = 'known' | 'refused' | 'stored' | 'whole' | 'spoilt' | 'damaged';

/**
 * Windows count bytes, but a record of a few bytes takes hundreds in memory. Beyond so many records on all streams, only
 * those that somebody waits for are begun; others are refused, and the remote sends them again.
 */
export const recordsHeldMax = 8_192;

/** Records that may be asked for again beyond one for each that opened: what a damaging network needs. */
const repairsMax = 16;

export class ReceiveStream {
  readonly id: number;
  readonly #context: ReceiveContext;
  readonly #window: ReceiveWindow;
  /** Records that are there in part, and those that are whole before their turn: most streams have neither. */
  #assemblies: Map<number, Assembly> | undefined;
  #opened: Map<number, OpenedRecord> | undefined;
  readonly #readable: OpenedRecord[] = [];
  /** Where records stand that were begun and not yet handed out in order. */
  readonly #begun = new RangeSet();
  /** Of all records begun and not yet read. */
  #heldBytes = 0;
  #highestEnd = 0;
  /** Where the next record to be read starts. */
  #nextStart = 0;
  #consumedEnd = 0;
  #endReached = false;
  #recordsOpened = 0;
  #repairs = 0;
  #state: 'open' | 'finished' | 'reset' = 'open';

  constructor(id: number, window: ReceiveWindow, context: ReceiveContext) {
    this.id = id;
    this.#context = context;
    this.#window = window;
  }

  /** `finished`: the last byte has been read. */
  get state(): 'open' | 'finished' | 'reset' {
    return this.#state;
  }

  /** Memory held for records not read yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** True while a record is there in part: the remote is sending, or something keeps it from us. */
  get midRecord(): boolean {
    return this.#assemblies !== undefined && this.#assemblies.size > 0;
  }

  /** How many times a record was wanted again. */
  get repairs(): number {
    return this.#repairs;
  }

  /** True when `read` gives something or the end has been reached. */
  get readable(): boolean {
    return this.#readable.length > 0 || this.#endReached;
  }

  /** Raises and returns the limit to be told to the remote. */
  grant(now: Instant, rttMs: number): number {
    return this.#window.grant(now, rttMs);
  }

  /** The next plaintext in order, in memory of its own. */
  read(grants: Grants): Uint8Array | undefined {
    const record = this.#readable.shift();
    if (record !== undefined) {
      this.#context.memory.lend(record.plaintext);
      this.#context.recordsHeld -= 1;
      this.#heldBytes -= record.recordBytes;
      this.#consume(record.recordBytes, grants);
    }
    if (this.#readable.length === 0 && this.#endReached) this.#state = 'finished';
    return record?.plaintext;
  }

  /** Takes memory that `read` gave back for use again. */
  recycle(plaintext: Uint8Array): void {
    this.#context.memory.giveBack(plaintext);
  }

  /** Takes a piece in: `bytes` from `at` on, `length` of them, belong where `header` says. */
  handlePiece(header: BulkHeader, bytes: Uint8Array, at: number, length: number): PieceOutcome {
    const { recordStart, recordBytes, pieceOffset } = header;
    if (this.#state !== 'open' || recordStart < this.#nextStart) return 'known';
    if (this.#opened?.has(recordStart) === true) return 'known';
    const known = this.#assemblies?.get(recordStart);
    const assembly = known ?? this.#begin(header);
    if (assembly === undefined || assembly.sealed.length !== recordBytes || assembly.last !== header.last)
      return 'refused';
    if (assembly.spoilt) return 'refused';
    assembly.sealed.set(bytes.subarray(at, at + length), pieceOffset);
    addPiece(assembly, pieceOffset, pieceOffset + length);
    const outcome = assembly.prefix < recordBytes ? 'stored' : this.#open(recordStart, assembly);
    if (known === undefined && assembly.prefix < recordBytes)
      (this.#assemblies ??= new Map()).set(recordStart, assembly);
    return outcome;
  }

  /** The remote knows that it has to send this record again: from now on pieces of it count. */
  repairHeard(start: number): void {
    const assembly = this.#assemblies?.get(start);
    if (assembly !== undefined) assembly.spoilt = false;
  }

  /**
   * Forgets what is unread and counts it as consumed: the remote gave up, a record was damaged, or nobody wants it.
   * Comes twice where we stop first: then with what the remote had sent on meanwhile.
   */
  reset(finalOffset: number, grants: Grants): void {
    this.#state = 'reset';
    this.#forget();
    const end = Math.min(Math.max(finalOffset, this.#highestEnd), this.#window.granted);
    this.#context.window.receive(end - this.#highestEnd);
    this.#highestEnd = end;
    this.#consume(end - this.#consumedEnd, grants);
    grants.stream = false;
  }

  /** Memory for a record not met before, if the remote may send it: windows bound what it can make us hold. */
  #begin({ recordStart, recordBytes, last }: BulkHeader): Assembly | undefined {
    const end = recordStart + recordBytes;
    const grown = Math.max(0, end - this.#highestEnd);
    if (recordBytes < tagBytes || end > this.#window.granted || !this.#context.window.allows(grown)) return undefined;
    // Records do not overlap: so together they are no larger than what the windows have counted.
    if (this.#begun.intersects(recordStart, end)) return undefined;
    const wanted = recordStart === this.#nextStart && this.#readable.length === 0;
    if (this.#context.recordsHeld >= recordsHeldMax && !wanted) return undefined;
    this.#context.window.receive(grown);
    this.#window.receive(grown);
    this.#context.recordsHeld += 1;
    this.#begun.add(recordStart, end);
    this.#highestEnd += grown;
    this.#heldBytes += recordBytes;
    const sealed = this.#context.memory.take(recordBytes);
    return { sealed, last, prefix: 0, later: undefined, spoilt: false };
  }

  #open(start: number, assembly: Assembly): PieceOutcome {
    const { sealed, last } = assembly;
    if (!openRecord(this.#context.aead, this.id, start, last, sealed)) return this.#spoil(assembly);
    const recordBytes = sealed.length;
    const plaintext = sealed.subarray(0, recordBytes - tagBytes);
    this.#recordsOpened += 1;
    this.#assemblies?.delete(start);
    const record: OpenedRecord = { plaintext, recordBytes, last };
    if (start !== this.#nextStart) {
      (this.#opened ??= new Map()).set(start, record);
      return 'stored';
    }
    for (let next: OpenedRecord | undefined = record; next !== undefined; next = this.#opened?.get(this.#nextStart)) {
      this.#opened?.delete(this.#nextStart);
      this.#nextStart += next.recordBytes;
      this.#readable.push(next);
      this.#endReached = next.last;
    }
    this.#begun.remove(start, this.#nextStart);
    return 'whole';
  }

  /** A record that is not what the remote sealed: start over with it, unless that has been too often. */
  #spoil(assembly: Assembly): PieceOutcome {
    assembly.prefix = 0;
    assembly.later = undefined;
    assembly.spoilt = true;
    this.#repairs += 1;
    return this.#repairs > repairsMax + this.#recordsOpened ? 'damaged' : 'spoilt';
  }

  #consume(bytes: number, grants: Grants): void {
    this.#consumedEnd += bytes;
    grants.stream = this.#window.consume(bytes) && !this.#endReached;
    grants.connection = this.#context.window.consume(bytes);
  }

  #forget(): void {
    const begun = [...(this.#assemblies?.values() ?? [])].map(({ sealed }) => sealed);
    const opened = [...(this.#opened?.values() ?? []), ...this.#readable].map(({ plaintext }) => plaintext);
    for (const memory of begun.concat(opened)) this.#context.memory.give(memory);
    this.#context.recordsHeld -= begun.length + opened.length;
    this.#assemblies = undefined;
    this.#begun.clear();
    this.#heldBytes = 0;
    this.#opened = undefined;
    this.#readable.length = 0;
  }
}

function addPiece(assembly: Assembly, start: number, end: number): void {
  if (start > assembly.prefix) {
    assembly.later ??= new RangeSet();
    assembly.later.add(start, end);
    return;
  }
  if (end > assembly.prefix) assembly.prefix = end;
  for (let first = assembly.later?.first; first !== undefined; first = assembly.later!.first) {
    if (first.start > assembly.prefix) return;
    assembly.later!.remove(first.start, first.end);
    if (first.end > assembly.prefix) assembly.prefix = first.end;
  }
}
