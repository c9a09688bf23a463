// Hashes a set on as many threads as it is worth: one that takes less than a worker's start stays where it is.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, ShoalError } from '@shoal/machine';
import { ChunkRun, type WrittenRun } from '../chunk-run.ts';
import { type Chunking, largestChunk } from '../chunking.ts';
import type { HashName, HashSuite } from '../hash.ts';
import { abortError, throwIfAborted } from './aborting.ts';
import { ChunkHasher, type HashJob } from './chunk-hasher.ts';
import { packFiles } from './disk-files.ts';
import type { ScannedFile } from './scan-files.ts';

export interface HashRequest {
  readonly files: readonly ScannedFile[];
  readonly chunking: Chunking;
  readonly hash: HashName;
  readonly hashes: HashSuite;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then up to where it is hashed. */
  readonly onHashed?: ((end: number) => void) | undefined;
  /** How many threads; 1 is the calling one. By default as many as the machine has cores for and the set is worth. */
  readonly threads?: number | undefined;
  /** For tests: how much a worker does at once. */
  readonly segmentBytes?: number | undefined;
}

/** What a worker says. */
export type HashWorkerReport =
  | { readonly type: 'hashed'; readonly segment: number; readonly run: WrittenRun }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

const threadsMax = 8; // reading, not hashing, is the limit from there on
const startMs = 40; // of a worker, native module included
const bytesPerMs = 3_000_000;
const filesPerMs = 50;

/** The segments should be many, so that no thread waits long for the last one; yet large beside the chunks that are hashed twice where two meet. */
const segmentsGoal = 64;
const segmentBytesGoal = 16 * 1_048_576;
const chunksPerSegmentMin = 16;

/** The calling thread lets others run as often. */
const yieldBytes = 1_048_576;

/** Hashes all chunks. Fails with the first ShoalError met, or `aborted`; no thread is left behind. */
export async function hashSet(request: HashRequest): Promise<ChunkRun> {
  const { files, chunking, hash, hashes } = request;
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const segmentBytes = request.segmentBytes ?? segmentBytesFor(totalBytes, largestChunk(chunking));
  const nextSegment = new Int32Array(new SharedArrayBuffer(4));
  const job: HashJob = { files: packFiles(files), chunking, hash, segmentBytes, nextSegment };
  const isWorthIt = totalBytes / bytesPerMs + files.length / filesPerMs > 2 * startMs;
  const threads = request.threads ?? (isWorthIt ? Math.min(availableParallelism(), threadsMax) : 1);
  const worker = threads > 1 ? workerUrl() : undefined;
  const hasher = new ChunkHasher(job, hashes[hash]);
  try {
    const done =
      worker === undefined
        ? await hashHere(hasher, request)
        : await hashInWorkers(job, hasher, request, { url: worker, threads });
    hasher.close();
    return done;
  } finally {
    hasher.close({ check: false });
  }
}

const segmentBytesFor = (totalBytes: number, largest: number): number => {
  const wanted = Math.min(segmentBytesGoal, Math.ceil(totalBytes / segmentsGoal));
  return largest * Math.max(chunksPerSegmentMin, Math.ceil(wanted / largest));
};

/** The worker beside this file, source or built; undefined in a bundle that left it out, where one thread does it. */
function workerUrl(): URL | undefined {
  const url = new URL(isSource ? './hash-worker.ts' : './hash-worker.js', import.meta.url);
  return url.protocol === 'file:' && existsSync(fileURLToPath(url)) ? url : undefined;
}

const isSource = import.meta.url.endsWith('.ts');

async function hashHere(hasher: ChunkHasher, request: HashRequest): Promise<ChunkRun> {
  const whole = new ChunkRun();
  await hashUntil(() => whole.end >= hasher.totalBytes, whole, hasher, request);
  request.onHashed?.(whole.end);
  return whole;
}

/** Adds chunk after chunk until it is enough; lets others run now and then. */
async function hashUntil(
  isEnough: () => boolean,
  run: ChunkRun,
  hasher: ChunkHasher,
  request: HashRequest,
): Promise<void> {
  let told = run.end;
  while (!isEnough()) {
    hasher.addTo(run);
    if (run.end - told < yieldBytes) continue;
    told = run.end;
    request.onHashed?.(told);
    await setImmediate();
    throwIfAborted(request.signal);
  }
}

interface Workforce {
  readonly url: URL;
  readonly threads: number;
}

async function hashInWorkers(
  job: HashJob,
  hasher: ChunkHasher,
  request: HashRequest,
  { url, threads }: Workforce,
): Promise<ChunkRun> {
  const options = { workerData: job, ...(isSource && { execArgv: ['--conditions=@shoal/source'] }) };
  const workers = Array.from({ length: threads }, () => new Worker(url, options));
  const runs = new RunsInOrder();
  const ended = Promise.all(workers.map((worker) => workerEnd(worker, runs)));
  const abort = (): void => runs.stop(abortError(request.signal));
  request.signal?.addEventListener('abort', abort, { once: true });
  try {
    const whole = await joinRuns(runs, hasher, request);
    await ended;
    runs.throwIfStopped();
    return whole;
  } finally {
    request.signal?.removeEventListener('abort', abort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Puts the runs of the segments together; hashes what lies between the last chunk of one and the first cut that it shares with the next. */
async function joinRuns(runs: RunsInOrder, hasher: ChunkHasher, request: HashRequest): Promise<ChunkRun> {
  const whole = new ChunkRun();
  while (whole.end < hasher.totalBytes) {
    const next = await runs.next();
    await hashUntil(() => whole.end >= next.end || whole.join(next), whole, hasher, request);
    request.onHashed?.(whole.end);
  }
  return whole;
}

/** Settles when the worker has ended, however it did. */
function workerEnd(worker: Worker, runs: RunsInOrder): Promise<void> {
  return new Promise((resolve) => {
    worker.on('message', (report: HashWorkerReport) => {
      if (report.type === 'hashed') runs.put(report.segment, new ChunkRun(report.run));
      else runs.stop(new ShoalError(report.code, report.message));
    });
    worker.on('error', (error) => runs.stop(error));
    worker.on('exit', (status) => {
      if (status !== 0) runs.stop(new Error(`hash worker ended with ${status}`));
      resolve();
    });
  });
}

/** Runs arrive as they are done, and are taken one after the other; until something stops that. */
class RunsInOrder {
  readonly #arrived = new Map<number, ChunkRun>();
  #segment = 0;
  #wake: (() => void) | undefined;
  #reason: unknown;

  put(segment: number, run: ChunkRun): void {
    this.#arrived.set(segment, run);
    this.#wake?.();
  }

  /** The first reason counts. */
  stop(reason: unknown): void {
    this.#reason ??= reason;
    this.#wake?.();
  }

  throwIfStopped(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  async next(): Promise<ChunkRun> {
    const segment = this.#segment++;
    for (;;) {
      this.throwIfStopped();
      const run = this.#arrived.get(segment);
      this.#arrived.delete(segment);
      if (run !== undefined) return run;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
