// The only arithmetic between chunks, bytes and files. A file-set is one contiguous byte space, its files in path
// order one after the other; chunks are ranges of that space. Nothing else in shoal adds up offsets.

import { invariant } from '@shoal/machine';

/** A part of one file, and where it lies in the range that was asked about. All sizes and offsets in bytes. */
export interface Piece {
  /** Index into the set's files. */
  readonly file: number;
  readonly fileOffset: number;
  readonly bytes: number;
  /** Where the piece begins within the chunk (or range). */
  readonly chunkOffset: number;
}

/** Indices from `first` up to, not including, `end`. */
export interface ChunkSpan {
  readonly first: number;
  readonly end: number;
}

/** Where everything lies. Immutable. */
export class Layout {
  readonly totalBytes: number;
  readonly chunkCount: number;
  readonly fileCount: number;
  /** Where each file starts, and, last, the total: `starts[file + 1] - starts[file]` is a file's size. */
  readonly #starts: Float64Array;
  /** The same of chunks. */
  readonly #chunkStarts: Float64Array;

  /** `chunks` is the size of all chunks but the last, which may be smaller, or the size of each. */
  constructor(fileBytes: ArrayLike<number>, chunks: number | ArrayLike<number>) {
    this.#starts = startsOf(fileBytes);
    this.totalBytes = this.#starts.at(-1)!;
    this.#chunkStarts = typeof chunks === 'number' ? evenStarts(this.totalBytes, chunks) : startsOf(chunks);
    invariant(this.#chunkStarts.at(-1) === this.totalBytes, 'the chunks are as large as the files');
    this.fileCount = fileBytes.length;
    this.chunkCount = this.#chunkStarts.length - 1;
  }

  /** Where a chunk begins in the byte space. */
  chunkStart(chunk: number): number {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
    return this.#chunkStarts[chunk]!;
  }

  /** Where each chunk begins, and, last, where they all end; not to be changed. */
  chunkStarts(): Float64Array {
    return this.#chunkStarts;
  }

  /** How many bytes a chunk has. */
  sizeOfChunk(chunk: number): number {
    const start = this.chunkStart(chunk);
    return this.#chunkStarts[chunk + 1]! - start;
  }

  /** How many bytes a file has. */
  sizeOfFile(file: number): number {
    invariant(Number.isInteger(file) && file >= 0 && file < this.fileCount, 'the file is one of the set');
    return this.#starts[file + 1]! - this.#starts[file]!;
  }

  /** Where a file ends in the byte space. */
  endOfFile(file: number): number {
    invariant(Number.isInteger(file) && file >= 0 && file < this.fileCount, 'the file is one of the set');
    return this.#starts[file + 1]!;
  }

  /** The pieces of files that make up a chunk, in order. Empty files have none. */
  piecesOfChunk(chunk: number): Piece[] {
    const start = this.chunkStart(chunk);
    return this.piecesOfRange(start, start + this.sizeOfChunk(chunk));
  }

  /** The pieces that make up the bytes from `start` up to, not including, `end`. */
  piecesOfRange(start: number, end: number): Piece[] {
    invariant(start >= 0 && start <= end && end <= this.totalBytes, 'the range lies inside the set');
    const pieces: Piece[] = [];
    if (start === end) return pieces;
    for (let file = this.fileAt(start), at = start; at < end; file += 1) {
      const bytes = Math.min(end, this.#starts[file + 1]!) - at;
      if (bytes === 0) continue;
      pieces.push({ file, fileOffset: at - this.#starts[file]!, bytes, chunkOffset: at - start });
      at += bytes;
    }
    return pieces;
  }

  /** The file that holds the byte at `offset` of the byte space. */
  fileAt(offset: number): number {
    invariant(offset >= 0 && offset < this.totalBytes, 'the byte lies inside the set');
    return lastStartAt(this.#starts, offset);
  }

  /** The chunk that holds the byte at `offset` of the byte space. */
  chunkAt(offset: number): number {
    invariant(offset >= 0 && offset < this.totalBytes, 'the byte lies inside the set');
    return lastStartAt(this.#chunkStarts, offset);
  }

  /** The chunks that hold any byte of a file: an empty span for an empty file. */
  chunksOfFile(file: number): ChunkSpan {
    return this.chunksOfFileRange(file, 0, this.sizeOfFile(file));
  }

  /** The chunks that hold any byte of a file from offset `start` up to, not including, `end`. */
  chunksOfFileRange(file: number, start: number, end: number): ChunkSpan {
    invariant(start >= 0 && start <= end && end <= this.sizeOfFile(file), 'the range lies inside the file');
    const from = this.#starts[file]! + start;
    return this.chunksOfRange(from, from + end - start);
  }

  /** The chunks that hold any byte from `start` up to, not including, `end`. */
  chunksOfRange(start: number, end: number): ChunkSpan {
    invariant(start >= 0 && start <= end && end <= this.totalBytes, 'the range lies inside the set');
    if (start === end) return { first: 0, end: 0 };
    return { first: this.chunkAt(start), end: this.chunkAt(end - 1) + 1 };
  }
}

/** Where each of things that lie one after the other begins, and, last, where they all end. */
function startsOf(sizes: ArrayLike<number>): Float64Array {
  const starts = new Float64Array(sizes.length + 1);
  for (let index = 0; index < sizes.length; index += 1) {
    const size = sizes[index]!;
    invariant(Number.isSafeInteger(size) && size >= 0, 'files and chunks have a whole number of bytes');
    starts[index + 1] = starts[index]! + size;
  }
  invariant(Number.isSafeInteger(starts.at(-1)), 'a set has a countable number of bytes');
  return starts;
}

/** The same for pieces of one size, the last one with what is left. */
function evenStarts(totalBytes: number, chunkBytes: number): Float64Array {
  invariant(Number.isSafeInteger(chunkBytes) && chunkBytes > 0, 'a chunk has a whole, positive number of bytes');
  const starts = new Float64Array(Math.ceil(totalBytes / chunkBytes) + 1);
  for (let chunk = 0; chunk < starts.length - 1; chunk += 1) starts[chunk] = chunk * chunkBytes;
  starts[starts.length - 1] = totalBytes;
  return starts;
}

/** The last of `starts` (without the end) that is not after `offset`: found by halving, for sets of very many. */
function lastStartAt(starts: Float64Array, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low;
}
