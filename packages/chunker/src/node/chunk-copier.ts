// One thread's part of copying chunks from some files to others: reads each where it lies, hashes it, and writes it where
// it belongs. So content is split into one file a chunk, joined again, or made from what an older version has of it.

import { bytesEqual } from '@shoal/machine';
import { digestAt } from '../chunk-table.ts';
import type { Hash, HashName } from '../hash.ts';
import type { DiskFiles } from './disk-files.ts';
import { SetReader } from './set-reader.ts';
import { SetWriter, type TargetFiles } from './set-writer.ts';
import type { NextSegment, SegmentWork } from './worker-thread.ts';

/** What is to be copied, in a form that crosses to workers. */
export interface CopyJob {
  readonly from: DiskFiles;
  /** Where each chunk begins in the byte space of `from`; below 0 for one that is not to be copied. */
  readonly starts: Float64Array;
  /** Without it chunks are only hashed. */
  readonly to?: TargetFiles | undefined;
  /** Where each chunk begins in the byte space of `to`, and, last, where they all end. */
  readonly targets: Float64Array;
  readonly hash: HashName;
  /** A chunk with another digest than its own here is not written. */
  readonly expected?: Uint8Array | undefined;
  /** Shared: the digests of what was read. */
  readonly found: Uint8Array;
  readonly segmentChunks: number;
  readonly nextSegment: NextSegment;
}

/** Indices of chunks, the last one not included. */
export interface CopiedRun {
  readonly first: number;
  readonly end: number;
}

export class ChunkCopier implements SegmentWork<CopiedRun> {
  readonly #job: CopyJob;
  readonly #hash: Hash;
  readonly #reader: SetReader;
  readonly #writer: SetWriter | undefined;
  #buffer = new Uint8Array(0);

  constructor(job: CopyJob, hash: Hash) {
    this.#job = job;
    this.#hash = hash;
    this.#reader = new SetReader(job.from);
    this.#writer = job.to && new SetWriter(job.to);
  }

  doSegment(segment: number): CopiedRun | undefined {
    const { starts, segmentChunks } = this.#job;
    const first = segment * segmentChunks;
    const end = Math.min(first + segmentChunks, starts.length);
    if (first >= end) return undefined;
    for (let chunk = first; chunk < end; chunk += 1) if (starts[chunk]! >= 0) this.#copy(chunk);
    return { first, end };
  }

  close(options?: { readonly check: boolean }): void {
    this.#writer?.close();
    this.#reader.close(options);
  }

  #copy(chunk: number): void {
    const { starts, targets, expected, found } = this.#job;
    const bytes = this.#room(targets[chunk + 1]! - targets[chunk]!);
    this.#reader.read(bytes, starts[chunk]!);
    const digest = this.#hash.digest(bytes);
    digestAt(found, chunk).set(digest);
    if (expected === undefined || bytesEqual(digest, digestAt(expected, chunk)))
      this.#writer?.write(bytes, targets[chunk]!);
  }

  #room(bytes: number): Uint8Array {
    if (this.#buffer.length < bytes) this.#buffer = new Uint8Array(bytes);
    return this.#buffer.subarray(0, bytes);
  }
}
