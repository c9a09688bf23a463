// How much each chunk is wanted. A base that the user sets (selected files, files to come first) and above it a window
// before each reader, which moves as it reads: what it will need in a moment comes now, what it will need then comes soon.
// Everything that is not rarest first for the whole set is made of this: a selection, the sequential policy, a stream.

import type { ContentShape } from '../content.ts';

/** `unwanted` chunks are not asked for. `now` ones are asked for in their order, also of several remotes at once. */
const priorities = ['unwanted', 'normal', 'soon', 'now'] as const;
export type Priority = (typeof priorities)[number];

/** A priority as a number: the more wanted, the higher. */
export type Level = 0 | 1 | 2 | 3;

export const levelOf = (priority: Priority): Level => priorities.indexOf(priority) as Level;
export const unwanted = 0;
export const normal = 1;
export const soon = 2;
export const urgent = 3;

/** Chunks from `first` up to, not including, `end`. Where several overlap, the highest priority counts. */
export interface PrioritySpan {
  readonly first: number;
  readonly end: number;
  readonly priority: Priority;
}

/** Where a reader is, and where it stops: chunks from `first` up to, not including, `end`. */
export interface ReadingPlace {
  readonly first: number;
  readonly end: number;
}

const nowBytes = 2 * 1_048_576; // two seconds of a good film
const nowChunksMin = 2;
const soonBytes = 16 * 1_048_576; // enough to live through the loss of a source, and little beside a whole film
const soonChunksMin = 8;

interface Window {
  readonly first: number;
  readonly nowEnd: number;
  readonly soonEnd: number;
}

/** Told of every chunk whose level changed. */
type Changed = (chunk: number, before: Level, after: Level) => void;

export class Demand {
  readonly #shape: ContentShape;
  readonly #changed: Changed;
  readonly #base: Uint8Array;
  readonly #windows = new Map<unknown, Window>();

  /** Everything is wanted alike, until told otherwise. */
  constructor(shape: ContentShape, changed: Changed) {
    this.#shape = shape;
    this.#changed = changed;
    this.#base = new Uint8Array(shape.chunkCount).fill(normal);
  }

  /** Whether somebody reads. */
  get hasReader(): boolean {
    return this.#windows.size > 0;
  }

  /** Readers hasten what is wanted; they want nothing by themselves. */
  of(chunk: number): Level {
    let level = this.#base[chunk]! as Level;
    if (level === unwanted) return unwanted;
    for (const window of this.#windows.values()) level = Math.max(level, levelIn(window, chunk)) as Level;
    return level;
  }

  isWanted(chunk: number): boolean {
    return this.#base[chunk] !== unwanted;
  }

  /** Only what is in these spans is wanted from now on. */
  set(spans: readonly PrioritySpan[]): void {
    const base = this.#flatten(spans);
    for (let chunk = 0; chunk < base.length; chunk += 1) {
      if (base[chunk] === this.#base[chunk]) continue;
      const before = this.of(chunk);
      this.#base[chunk] = base[chunk]!;
      this.#tell(chunk, before);
    }
  }

  /** The reader is at this place, or has gone. */
  read(reader: unknown, place: ReadingPlace | undefined): void {
    const old = this.#windows.get(reader) ?? nowhere;
    const fresh = place === undefined ? nowhere : this.#windowAt(place);
    const touched = [old, fresh].flatMap(({ first, soonEnd }) => (first < soonEnd ? [first, soonEnd] : []));
    const [from, to] = [Math.min(...touched), Math.max(...touched)];
    const before: Level[] = [];
    for (let chunk = from; chunk < to; chunk += 1) before.push(this.of(chunk));
    if (place === undefined) this.#windows.delete(reader);
    else this.#windows.set(reader, fresh);
    for (const [i, level] of before.entries()) this.#tell(from + i, level);
  }

  #tell(chunk: number, before: Level): void {
    const after = this.of(chunk);
    if (after !== before) this.#changed(chunk, before, after);
  }

  #windowAt({ first, end }: ReadingPlace): Window {
    const nowEnd = this.#reach(first, end, nowBytes, nowChunksMin);
    return { first, nowEnd, soonEnd: this.#reach(nowEnd, end, soonBytes, soonChunksMin) };
  }

  /** Where so many bytes, and at least so many chunks, from `first` on end. */
  #reach(first: number, end: number, bytes: number, chunksMin: number): number {
    let [at, left] = [first, bytes];
    for (; at < end && (left > 0 || at < first + chunksMin); at += 1) left -= this.#shape.sizeOfChunk(at);
    return at;
  }

  #flatten(spans: readonly PrioritySpan[]): Uint8Array {
    const base = new Uint8Array(this.#shape.chunkCount);
    for (const { first, end, priority } of spans) {
      const level = levelOf(priority);
      for (let chunk = first; chunk < end; chunk += 1) if (base[chunk]! < level) base[chunk] = level;
    }
    return base;
  }
}

const nowhere: Window = { first: 0, nowEnd: 0, soonEnd: 0 };

function levelIn({ first, nowEnd, soonEnd }: Window, chunk: number): Level {
  if (chunk < first || chunk >= soonEnd) return unwanted;
  return chunk < nowEnd ? urgent : soon;
}
