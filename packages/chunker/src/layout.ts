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
  /** Size of every chunk but the last, which may be smaller. */
  readonly chunkBytes: number;
  /** Where each file starts, and, last, the total: `starts[file + 1] - starts[file]` is a file's size. */
  readonly #starts: Float64Array;

  constructor(fileBytes: readonly number[], chunkBytes: number) {
    invariant(Number.isSafeInteger(chunkBytes) && chunkBytes > 0, 'a chunk has a whole, positive number of bytes');
    this.chunkBytes = chunkBytes;
    this.fileCount = fileBytes.length;
    this.#starts = new Float64Array(fileBytes.length + 1);
    let total = 0;
    for (const [file, bytes] of fileBytes.entries()) {
      invariant(Number.isSafeInteger(bytes) && bytes >= 0, 'a file has a whole number of bytes');
      total += bytes;
      this.#starts[file + 1] = total;
    }
    invariant(Number.isSafeInteger(total), 'a set has a countable number of bytes');
    this.totalBytes = total;
    this.chunkCount = Math.ceil(total / chunkBytes);
  }

  /** Where a chunk begins in the byte space. */
  chunkStart(chunk: number): number {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
    return chunk * this.chunkBytes;
  }

  /** How many bytes a chunk has. */
  sizeOfChunk(chunk: number): number {
    return Math.min(this.chunkBytes, this.totalBytes - this.chunkStart(chunk));
  }

  /** How many bytes a file has. */
  sizeOfFile(file: number): number {
    invariant(Number.isInteger(file) && file >= 0 && file < this.fileCount, 'the file is one of the set');
    return this.#starts[file + 1]! - this.#starts[file]!;
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

  /** The file that holds the byte at `offset` of the byte space: found by halving, for sets of very many files. */
  fileAt(offset: number): number {
    invariant(offset >= 0 && offset < this.totalBytes, 'the byte lies inside the set');
    let low = 0;
    let high = this.fileCount;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The chunks that hold any byte of a file: an empty span for an empty file. */
  chunksOfFile(file: number): ChunkSpan {
    return this.chunksOfFileRange(file, 0, this.sizeOfFile(file));
  }

  /** The chunks that hold any byte of a file from offset `start` up to, not including, `end`. */
  chunksOfFileRange(file: number, start: number, end: number): ChunkSpan {
    invariant(start >= 0 && start <= end && end <= this.sizeOfFile(file), 'the range lies inside the file');
    const from = this.#starts[file]! + start;
    const first = Math.floor(from / this.chunkBytes);
    return { first, end: start === end ? first : Math.ceil((from + end - start) / this.chunkBytes) };
  }
}
