// All conditions that decide which chunk is next: it is missing and nobody is asked for it (free); it is wanted, the more
// the sooner; one that somebody failed to bring comes soon; and within equals the policy's order, but what is wanted now
// comes in its own, since somebody waits for the first of it.

import { Bitfield, type Rng } from '@shoal/machine';
import type { ContentShape } from '../content.ts';
import { Demand, type Level, normal, type PrioritySpan, type ReadingPlace, soon, unwanted, urgent } from './demand.ts';
import { InOrder } from './in-order.ts';
import type { PickingPolicy } from './policy.ts';
import { RandomOrder } from './random-order.ts';
import { RarestFirst } from './rarest-first.ts';

/**
 * `rarestFirst` keeps a swarm healthy. `random` is that of the classic exercise. `sequential` moves a window over the
 * content, in order at its front and rarest first behind it, so that what has come can be used before the rest has.
 */
export type PolicyName = (typeof policyNames)[number];
export const policyNames = ['rarestFirst', 'random', 'sequential'] as const;

export interface PickerOptions {
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly policy: PolicyName;
  readonly rng: Rng;
  /** Told of each missing chunk that is wanted now and was not (1), or the other way round (-1), and whether it is free. */
  readonly changed: (chunk: number, by: number, isFree: boolean) => void;
}

export class Picker {
  readonly #shape: ContentShape;
  readonly #held: Bitfield;
  readonly #rng: Rng;
  readonly #policy: PolicyName;
  readonly #changed: PickerOptions['changed'];
  readonly #demand: Demand;
  /** By level; made when the first chunk comes in. */
  readonly #orders: (PickingPolicy | undefined)[] = [];
  readonly #copies: Uint32Array;
  /** Chunks nobody is asked for, unwanted ones among them. */
  readonly #free: Bitfield;
  /** In which order each chunk lies; `unwanted` when in none. */
  readonly #levels: Uint8Array;
  readonly #retried = new Set<number>();
  /** How many chunks can be picked. */
  #size = 0;
  #missing = 0;
  #missingBytes = 0;
  #wantedBytes = 0;
  /** For the sequential policy: no wanted chunk before it is missing. */
  #cursor = 0;

  constructor({ shape, held, policy, rng, changed }: PickerOptions) {
    this.#shape = shape;
    this.#held = held;
    this.#rng = rng;
    this.#policy = policy;
    this.#changed = changed;
    this.#copies = new Uint32Array(shape.chunkCount);
    this.#free = new Bitfield(shape.chunkCount);
    this.#levels = new Uint8Array(shape.chunkCount);
    this.#demand = new Demand(shape, (chunk, before, after) => this.#demanded(chunk, before, after));
    for (let chunk = 0; chunk < shape.chunkCount; chunk += 1) {
      if (this.isWanted(chunk)) this.#wantedBytes += shape.sizeOfChunk(chunk);
      if (held.has(chunk)) continue;
      if (this.isWanted(chunk)) this.#count(chunk, 1);
      this.add(chunk);
    }
    this.#advance();
  }

  get size(): number {
    return this.#size;
  }

  /** Wanted chunks that are not held. */
  get missing(): number {
    return this.#missing;
  }

  get missingBytes(): number {
    return this.#missingBytes;
  }

  /** Whether somebody waits for the next chunks. */
  get hasReader(): boolean {
    return this.#demand.hasReader;
  }

  /** Bytes of all wanted chunks, held or not. */
  get wantedBytes(): number {
    return this.#wantedBytes;
  }

  /** Whether some chunks are unwanted. */
  get isPartial(): boolean {
    return this.#wantedBytes < this.#shape.totalBytes;
  }

  isWanted(chunk: number): boolean {
    return this.#demand.isWanted(chunk);
  }

  isUrgent(chunk: number): boolean {
    return this.#demand.of(chunk) === urgent;
  }

  /** Whether the chunk can be picked. */
  has(chunk: number): boolean {
    return this.#levels[chunk] !== unwanted;
  }

  /** Nobody is asked for the chunk, or nobody any more (`retried`). */
  add(chunk: number, retried = false): void {
    if (!this.#free.set(chunk)) return;
    if (retried) this.#retried.add(chunk);
    this.#place(chunk);
  }

  /** The chunk is asked for. */
  remove(chunk: number): void {
    if (!this.#free.clear(chunk)) return;
    this.#retried.delete(chunk);
    this.#place(chunk);
  }

  /** The chunk is held now. */
  stored(chunk: number): void {
    if (this.isWanted(chunk)) this.#count(chunk, -1);
    this.#advance();
  }

  /** The chunk is held no longer. */
  lost(chunk: number): void {
    if (this.isWanted(chunk)) this.#count(chunk, 1);
    this.#cursor = Math.min(this.#cursor, chunk);
    this.#advance();
  }

  setCopies(chunk: number, copies: number): void {
    this.#copies[chunk] = copies;
    this.#orders[this.#levels[chunk]!]?.setCopies(chunk, copies);
  }

  /** Something else is wanted from now on. */
  want(spans: readonly PrioritySpan[]): void {
    this.#demand.set(spans);
    this.#cursor = 0;
    this.#advance();
  }

  /** A reader waits for the chunk at its place and will want those behind it; undefined when it has gone. */
  read(reader: unknown, place: ReadingPlace | undefined): void {
    this.#demand.read(reader, place);
  }

  /** The best chunk among those set in `among`, wanted at least so much. */
  pick(among: Bitfield, least: Level = normal): number | undefined {
    for (let level = urgent; level >= least; level -= 1) {
      const order = this.#orders[level];
      const chunk = order === undefined || order.size === 0 ? undefined : order.pick(among);
      if (chunk !== undefined) return chunk;
    }
    return undefined;
  }

  #demanded(chunk: number, before: Level, after: Level): void {
    const wasFree = this.has(chunk);
    this.#place(chunk);
    const by = Math.sign(after) - Math.sign(before);
    if (by === 0) return;
    this.#wantedBytes += by * this.#shape.sizeOfChunk(chunk);
    if (this.#held.has(chunk)) return;
    this.#count(chunk, by);
    this.#changed(chunk, by, wasFree || this.has(chunk));
  }

  /** Puts the chunk into the order where it belongs now. */
  #place(chunk: number): void {
    const [before, after] = [this.#levels[chunk]!, this.#levelOf(chunk)];
    if (before === after) return;
    this.#levels[chunk] = after;
    if (before === unwanted) this.#size += 1;
    else this.#orders[before]!.remove(chunk);
    if (after === unwanted) this.#size -= 1;
    else (this.#orders[after] ??= this.#newOrder(after)).add(chunk, this.#copies[chunk]!);
  }

  #levelOf(chunk: number): Level {
    if (!this.#free.has(chunk)) return unwanted;
    const level = this.#demand.of(chunk);
    return level === normal && this.#retried.has(chunk) ? soon : level;
  }

  #newOrder(level: Level): PickingPolicy {
    const { chunkCount } = this.#shape;
    if (level === urgent) return new InOrder(chunkCount);
    const rng = this.#rng.fork(`level ${level}`);
    return this.#policy === 'random' ? new RandomOrder(chunkCount, rng) : new RarestFirst(chunkCount, rng);
  }

  #count(chunk: number, by: number): void {
    this.#missing += by;
    this.#missingBytes += by * this.#shape.sizeOfChunk(chunk);
  }

  /** The sequential policy is a reader that reads as soon as it can. */
  #advance(): void {
    if (this.#policy !== 'sequential') return;
    const from = this.#cursor;
    const { chunkCount } = this.#shape;
    while (this.#cursor < chunkCount && (this.#held.has(this.#cursor) || !this.isWanted(this.#cursor)))
      this.#cursor += 1;
    if (this.#cursor === from && this.#demand.hasReader) return;
    const isDone = this.#cursor === chunkCount;
    this.#demand.read(this, isDone ? undefined : { first: this.#cursor, end: chunkCount });
  }
}
