// Cuts a file-set into its chunks while it is read from front to end. The bytes are read into the buffer of the cutter;
// who reads them, from where and on which thread, is not its concern.

import type { Chunking } from './chunking.ts';
import { largestChunk } from './chunking.ts';
import { FastCdc } from './content-defined/fast-cdc.ts';
import type { Layout } from './layout.ts';

/** Read at once: large enough for the disk, small enough to stay in the processor's cache. */
const bufferBytesGoal = 1_048_576;

export class ChunkCutter {
  readonly buffer: Uint8Array;
  readonly #files: Layout;
  readonly #chunking: Chunking;
  readonly #fastCdc: FastCdc | undefined;

  /** Of `files` only the files count; its chunks may be any. */
  constructor(files: Layout, chunking: Chunking) {
    this.#files = files;
    this.#chunking = chunking;
    const largest = largestChunk(chunking);
    if (chunking.kind === 'fixed') {
      const bytes = Math.max(largest, bufferBytesGoal - (bufferBytesGoal % largest));
      this.buffer = new Uint8Array(Math.min(bytes, files.totalBytes));
    } else {
      // What is left of the buffer at the end of a round is moved to its front, so it should be a small part of it.
      const bytes = Math.max(2 * largest, 2 * bufferBytesGoal);
      this.#fastCdc = new FastCdc(chunking, Math.min(bytes, files.totalBytes));
      this.buffer = this.#fastCdc.buffer;
    }
  }

  /**
   * Where the chunk that begins at `start` of the byte space ends, when the buffer holds the bytes from `bufferStart` up
   * to `bufferEnd`; undefined when it does not hold enough to tell.
   */
  endOfChunk(start: number, bufferStart: number, bufferEnd: number): number | undefined {
    const limit = this.#limitOf(start);
    const needed = Math.min(start + largestChunk(this.#chunking), limit);
    if (start < bufferStart || needed > bufferEnd) return undefined;
    if (this.#fastCdc === undefined) return needed;
    return bufferStart + this.#fastCdc.cut(start - bufferStart, Math.min(limit, bufferEnd) - bufferStart);
  }

  /**
   * Content-defined chunks also end where a file does, as soon as they have the least size: then a file that changed,
   * came or went leaves the chunks of its neighbours as they were.
   */
  #limitOf(start: number): number {
    const { totalBytes } = this.#files;
    if (this.#chunking.kind === 'fixed' || start + this.#chunking.minBytes >= totalBytes) return totalBytes;
    return this.#files.endOfFile(this.#files.fileAt(start + this.#chunking.minBytes - 1));
  }
}
