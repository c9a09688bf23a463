// Reads, cuts and hashes a file-set from any chunk on. The same code runs on the calling thread and in workers, each of
// which does segments of the byte space; who begins in the middle finds the cuts of who began at the front soon.

import { ChunkCutter } from '../chunk-cutter.ts';
import { ChunkRun, type WrittenRun } from '../chunk-run.ts';
import type { Chunking } from '../chunking.ts';
import type { Hash, HashName } from '../hash.ts';
import type { DiskFiles } from './disk-files.ts';
import { SetReader } from './set-reader.ts';
import type { NextSegment, SegmentWork } from './worker-thread.ts';

/** What is to be hashed, in a form that crosses to workers. */
export interface HashJob {
  readonly files: DiskFiles;
  readonly chunking: Chunking;
  readonly hash: HashName;
  /** The byte space is shared out in segments of this size, a multiple of the largest chunk. */
  readonly segmentBytes: number;
  readonly nextSegment: NextSegment;
}

/** One thread has one of these. */
export class ChunkHasher implements SegmentWork<WrittenRun> {
  readonly totalBytes: number;
  readonly #segmentBytes: number;
  readonly #reader: SetReader;
  readonly #cutter: ChunkCutter;
  readonly #hash: Hash;
  /** Which part of the byte space is in the cutter's buffer. */
  #from = 0;
  #to = 0;

  constructor(job: HashJob, hash: Hash) {
    this.#reader = new SetReader(job.files);
    this.#cutter = new ChunkCutter(this.#reader.layout, job.chunking);
    this.#hash = hash;
    this.#segmentBytes = job.segmentBytes;
    this.totalBytes = this.#reader.layout.totalBytes;
  }

  /** Adds the chunk that begins where `run` ends. Fails as `SetReader.read` does. */
  addTo(run: ChunkRun): void {
    const start = run.end;
    let end = this.#cutter.endOfChunk(start, this.#from, this.#to);
    if (end === undefined) {
      this.#fill(start);
      end = this.#cutter.endOfChunk(start, this.#from, this.#to)!;
    }
    run.add(end, this.#hash.digest(this.#cutter.buffer.subarray(start - this.#from, end - this.#from)));
  }

  /** The chunks from where a segment begins up to the first that ends behind it. */
  doSegment(segment: number): WrittenRun | undefined {
    const run = new ChunkRun({ start: segment * this.#segmentBytes });
    const end = Math.min(run.start + this.#segmentBytes, this.totalBytes);
    if (run.start >= end) return undefined;
    while (run.end < end) this.addTo(run);
    return run.write();
  }

  close(options?: { readonly check: boolean }): void {
    this.#reader.close(options);
  }

  /** Reads on, so that the buffer begins at `start`; what it has from there on is kept. */
  #fill(start: number): void {
    const { buffer } = this.#cutter;
    const isKept = start >= this.#from && start < this.#to;
    const kept = isKept ? this.#to - start : 0;
    if (isKept) buffer.copyWithin(0, start - this.#from, this.#to - this.#from);
    this.#from = start;
    this.#to = Math.min(start + buffer.length, this.totalBytes);
    this.#reader.read(buffer.subarray(kept, this.#to - start), start + kept);
  }
}
