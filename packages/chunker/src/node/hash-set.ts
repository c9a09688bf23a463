// Hashes a set on as many threads as it is worth: one that takes less than a worker's start stays where it is.

import { setImmediate } from 'node:timers/promises';
import { ChunkRun, type WrittenRun } from '../chunk-run.ts';
import { type Chunking, largestChunk } from '../chunking.ts';
import type { HashName } from '../hash.ts';
import { throwIfAborted } from './aborting.ts';
import { ChunkHasher, type HashJob } from './chunk-hasher.ts';
import { packFiles } from './disk-files.ts';
import { loadHashes } from './hashes.ts';
import type { ScannedFile } from './scan-files.ts';
import { firstSegment, threadsFor, WorkerPool } from './worker-pool.ts';

export interface HashRequest {
  readonly files: readonly ScannedFile[];
  readonly chunking: Chunking;
  readonly hash: HashName;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then up to where it is hashed. */
  readonly onHashed?: ((end: number) => void) | undefined;
  /** How many threads; 1 is the calling one. By default as many as the machine has cores for and the set is worth. */
  readonly threads?: number | undefined;
  /** How much a worker takes at once; tests have it small. */
  readonly segmentBytes?: number | undefined;
}

/**
 * Segments are many, so that no thread waits long for the last one; but large beside the chunks that are hashed twice where
 * two of them meet.
 */
const segmentsGoal = 64;
const segmentBytesGoal = 64 * 1_048_576;
const chunksPerSegmentMin = 16;

/** The calling thread lets others run as often. */
const yieldBytes = 1_048_576;

/** Hashes all chunks. Fails with the first ShoalError met, or `aborted`; no thread is left behind. */
export async function hashSet(request: HashRequest): Promise<ChunkRun> {
  const { files, chunking, hash, signal } = request;
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const segmentBytes = request.segmentBytes ?? segmentBytesFor(totalBytes, largestChunk(chunking));
  const job: HashJob = { files: packFiles(files), chunking, hash, segmentBytes, nextSegment: firstSegment() };
  const threads = request.threads ?? threadsFor(totalBytes, files.length);
  const url = threads > 1 ? WorkerPool.workerUrl('hash-worker') : undefined;
  await using pool = url === undefined ? undefined : new WorkerPool<WrittenRun>(url, job, { threads, signal });
  const hasher = new ChunkHasher(job, (await loadHashes())[hash]); // while the workers start
  try {
    const whole = new ChunkRun();
    while (whole.end < totalBytes) {
      const run = await pool?.next();
      await hashOn(whole, hasher, run && new ChunkRun(run), request);
    }
    request.onHashed?.(whole.end);
    await pool?.finish();
    hasher.close();
    return whole;
  } finally {
    hasher.close({ check: false });
  }
}

const segmentBytesFor = (totalBytes: number, largest: number): number => {
  const wanted = Math.min(segmentBytesGoal, Math.ceil(totalBytes / segmentsGoal));
  return largest * Math.max(chunksPerSegmentMin, Math.ceil(wanted / largest));
};

/**
 * Adds chunks up to the end of the set, or of the run that a worker has for us: those before the first cut that both have
 * are hashed here. Lets others run now and then.
 */
async function hashOn(
  whole: ChunkRun,
  hasher: ChunkHasher,
  next: ChunkRun | undefined,
  { signal, onHashed }: HashRequest,
): Promise<void> {
  const isDone = (): boolean =>
    next === undefined ? whole.end === hasher.totalBytes : whole.end >= next.end || whole.join(next);
  let told = whole.end;
  while (!isDone()) {
    hasher.addTo(whole);
    if (whole.end - told < yieldBytes) continue;
    told = whole.end;
    onHashed?.(told);
    await setImmediate();
    throwIfAborted(signal);
  }
  if (next !== undefined) onHashed?.(whole.end);
}
