// Where chunks of one file-set are kept: in memory, in files as they arrive, or in files that were there before.
// The promises below are tested by one suite that every body passes (testing/chunk-store-suite.ts).

import type { Bitfield } from '@shoal/machine';
import type { FileChoice } from './file-choice.ts';
import type { Layout } from './layout.ts';

/** Which chunks are held: a live view, not to be changed. `clone()` gives a bitfield of one's own. */
export type HeldChunks = Pick<Bitfield, 'length' | 'count' | 'isFull' | 'has' | 'ones' | 'toBytes' | 'clone'>;

/** What became of a chunk. `damaged`: it is not that chunk, and nothing was kept of it. */
export type WriteOutcome = 'stored' | 'damaged' | 'alreadyHeld';

export interface FinishOptions {
  readonly only?: FileChoice | undefined;
}

/**
 * The promises:
 * - A chunk is verified against its digest before it is held, and again before it is read out. What is held verifies.
 * - Chunks may be written in any order, several at once, and the same one twice.
 * - A write that fails leaves the chunk unheld and the store usable. A chunk found damaged when read is no longer held.
 * - Chunk indices are those of the layout; any other is a fault of the caller's.
 * - After `close` no other call is made.
 */
export interface ChunkStore {
  /** Where chunks begin and end. */
  readonly layout: Layout;
  readonly chunkCount: number;
  readonly held: HeldChunks;

  /**
   * The bytes of a held chunk, in memory that nobody changes afterwards: that of `into`, which has the chunk's size, where
   * they have to be read from somewhere. Fails with a ShoalError: `notFound` when it
   * is not held, `storeDamaged` or `contentChanged` when what is kept no longer verifies, `diskFailed`.
   */
  readChunk(chunk: number, into?: Uint8Array): Promise<Uint8Array>;

  /**
   * Keeps a chunk. `bytes` must not change until it is settled. Fails with a ShoalError: `diskFull`, `diskFailed` or
   * `permissionDenied`; the same chunk may then be written again.
   */
  writeChunk(chunk: number, bytes: Uint8Array): Promise<WriteOutcome>;

  /**
   * Gives complete content its final name; chunks can be read as before. Fails with `unfinished` while a chunk is
   * missing, `exists` when the final name is taken. Calling it again does nothing.
   * With `only` some files are chosen: they alone must be complete, and get names; no others are made. Chunks with bytes
   * of others may then be held no longer.
   */
  finish(options?: FinishOptions): Promise<void>;

  /** Waits for what is under way and lets go of everything. Content that is not finished stays for a later start. */
  close(): Promise<void>;
}
