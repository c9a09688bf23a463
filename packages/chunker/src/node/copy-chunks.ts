// Copies chunks from some files to others on as many threads as they are worth.

import { setImmediate } from 'node:timers/promises';
import { digestBytes, type HashName } from '../hash.ts';
import { throwIfAborted } from './aborting.ts';
import { ChunkCopier, type CopiedRun, type CopyJob } from './chunk-copier.ts';
import { loadHashes } from './hashes.ts';
import { firstSegment, threadsFor, WorkerPool } from './worker-pool.ts';

export interface CopyRequest extends Pick<CopyJob, 'from' | 'starts' | 'to' | 'targets' | 'expected'> {
  readonly hash: HashName;
  readonly signal?: AbortSignal | undefined;
  /** By default as many as the machine has cores for and the content is worth; 1 is the calling one. */
  readonly threads?: number | undefined;
  /** Told of runs of chunks that are copied, one after the other, with the digests found so far. */
  readonly onCopied?: ((run: CopiedRun, found: Uint8Array) => void) | undefined;
}

const segmentBytesGoal = 8 * 1_048_576;

/** Runs of chunks begin and end with a byte of a bitfield. */
const chunksPerByte = 8;

/**
 * Answers the digest of each chunk that was read, zeros for the others. Fails with the first ShoalError met, or `aborted`;
 * no thread is left behind.
 */
export async function copyChunks(request: CopyRequest): Promise<Uint8Array> {
  const { from, starts, to, targets, expected, hash, signal, onCopied } = request;
  const found = new Uint8Array(new SharedArrayBuffer(starts.length * digestBytes));
  const totalBytes = targets.at(-1)!;
  const segmentChunks =
    chunksPerByte * Math.ceil((segmentBytesGoal * starts.length) / (totalBytes * chunksPerByte || 1));
  const job: CopyJob = { from, starts, to, targets, expected, hash, found, segmentChunks, nextSegment: firstSegment() };
  const threads = request.threads ?? threadsFor(totalBytes, from.bytes.length + (to?.bytes.length ?? 0));
  const url = threads > 1 ? WorkerPool.workerUrl('copy-worker') : undefined;
  if (url === undefined) await copyHere(job, request);
  else {
    await using pool = new WorkerPool<CopiedRun>(url, job, { threads, signal });
    for (let end = 0; end < starts.length;) {
      const run = await pool.next();
      onCopied?.(run, found);
      end = run.end;
    }
    await pool.finish();
  }
  return found;
}

async function copyHere(job: CopyJob, { signal, onCopied }: CopyRequest): Promise<void> {
  const copier = new ChunkCopier(job, (await loadHashes())[job.hash]);
  try {
    for (let segment = 0; ; segment += 1) {
      throwIfAborted(signal);
      const run = copier.doSegment(segment);
      if (run === undefined) break;
      onCopied?.(run, job.found);
      await setImmediate();
    }
    copier.close();
  } finally {
    copier.close({ check: false });
  }
}
