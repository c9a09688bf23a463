// Reads a file-set in its byte order and puts the digest of each chunk into a table. The same code runs on the calling
// thread and in workers; several of them share one table and take the next batch of chunks from one counter.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ShoalError } from '@shoal/machine';
import { digestBytes, type Hash, type HashName } from '../hash.ts';
import { Layout } from '../layout.ts';
import { showName } from '../safe-path.ts';
import { diskError, errno } from './disk-errors.ts';
import type { ScannedFile } from './scan-files.ts';

/** What is to be hashed, in a form that crosses to workers; `table` and `nextBatch` are memory they share. */
export interface HashJob {
  readonly files: readonly ScannedFile[];
  readonly chunkBytes: number;
  readonly hash: HashName;
  readonly table: Uint8Array;
  readonly nextBatch: Int32Array;
}

/** Read at once: large enough for the disk, small enough to stay in the processor's cache. */
const batchBytesGoal = 1_048_576;

/** Hashes batches of a job until none is left. One thread has one of these. */
export class ChunkHasher {
  readonly #job: HashJob;
  readonly #layout: Layout;
  readonly #hash: Hash;
  readonly #chunksPerBatch: number;
  readonly #buffer: Uint8Array;
  #open: { file: number; fd: number } | undefined;

  constructor(job: HashJob, hash: Hash) {
    this.#job = job;
    this.#hash = hash;
    this.#layout = new Layout(
      job.files.map((file) => file.bytes),
      job.chunkBytes,
    );
    this.#chunksPerBatch = Math.max(1, Math.floor(batchBytesGoal / job.chunkBytes));
    this.#buffer = new Uint8Array(Math.min(this.#layout.totalBytes, this.#chunksPerBatch * job.chunkBytes));
  }

  /**
   * Reads and hashes the next batch that nobody has taken; answers its size in bytes, 0 when none is left.
   * Fails with a ShoalError that names the file: `contentChanged`, or what the disk said.
   */
  hashNext(): number {
    const first = Atomics.add(this.#job.nextBatch, 0, 1) * this.#chunksPerBatch;
    if (first >= this.#layout.chunkCount) return 0;
    const end = Math.min(first + this.#chunksPerBatch, this.#layout.chunkCount);
    const start = this.#layout.chunkStart(first);
    const bytes = this.#layout.chunkStart(end - 1) + this.#layout.sizeOfChunk(end - 1) - start;
    for (const piece of this.#layout.piecesOfRange(start, start + bytes))
      this.#fill(
        this.#buffer.subarray(piece.chunkOffset, piece.chunkOffset + piece.bytes),
        piece.file,
        piece.fileOffset,
      );
    for (let chunk = first, at = 0; chunk < end; chunk += 1) {
      const size = this.#layout.sizeOfChunk(chunk);
      this.#job.table.set(this.#hash.digest(this.#buffer.subarray(at, at + size)), chunk * digestBytes);
      at += size;
    }
    return bytes;
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #fill(target: Uint8Array, file: number, offset: number): void {
    const { diskPath } = this.#job.files[file]!;
    try {
      const fd = this.#descriptor(file);
      for (let done = 0; done < target.length;) {
        const bytesRead = readSync(fd, target, done, target.length - done, offset + done);
        if (bytesRead === 0) throw changedWhileRead(diskPath);
        done += bytesRead;
      }
    } catch (error) {
      throw errno(error) === 'ENOENT' ? changedWhileRead(diskPath) : diskError(error, 'cannot read', diskPath);
    }
  }

  #descriptor(file: number): number {
    if (this.#open?.file === file) return this.#open.fd;
    this.close();
    const { diskPath, bytes, mtimeMs } = this.#job.files[file]!;
    const fd = openSync(diskPath, 'r');
    this.#open = { file, fd };
    const stats = fstatSync(fd);
    if (stats.size !== bytes || stats.mtimeMs !== mtimeMs) throw changedWhileRead(diskPath);
    return fd;
  }
}

export const changedWhileRead = (diskPath: string): ShoalError =>
  new ShoalError(
    'contentChanged',
    `${showName(diskPath)} changed while it was read: try again when nobody writes to it`,
  );
