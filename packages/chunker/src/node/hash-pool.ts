// Hashes a job on as many threads as it is worth: a set that takes less than a worker's start stays where it is.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, ShoalError } from '@shoal/machine';
import type { HashSuite } from '../hash.ts';
import { abortError, throwIfAborted } from './aborting.ts';
import { ChunkHasher, type HashJob } from './chunk-hasher.ts';

export interface HashRun {
  readonly hashes: HashSuite;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many more bytes are hashed. */
  readonly onHashed: (bytes: number) => void;
  /** How many threads; 1 is the calling one. By default as many as the machine has cores for and the set is worth. */
  readonly threads?: number | undefined;
}

/** What a worker says. */
export type HashWorkerReport =
  | { readonly type: 'hashed'; readonly bytes: number }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

const threadsMax = 8; // reading, not hashing, is the limit from there on
const startMs = 40; // of a worker, native module included
const bytesPerMs = 3_000_000;
const filesPerMs = 50;

/** Fills the job's table. Fails with the first ShoalError met, or `aborted`; no thread is left behind. */
export async function runHashJob(job: HashJob, run: HashRun): Promise<void> {
  const threads = run.threads ?? (takesLongerThanAStart(job) ? Math.min(availableParallelism(), threadsMax) : 1);
  const worker = threads > 1 ? workerUrl() : undefined;
  await (worker === undefined ? hashHere(job, run) : hashInWorkers(job, run, worker, threads));
}

function takesLongerThanAStart({ files }: HashJob): boolean {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return bytes / bytesPerMs + files.length / filesPerMs > 2 * startMs;
}

/** The worker beside this file, source or built; undefined in a bundle that left it out, where one thread does it. */
function workerUrl(): URL | undefined {
  const url = new URL(isSource ? './hash-worker.ts' : './hash-worker.js', import.meta.url);
  return url.protocol === 'file:' && existsSync(fileURLToPath(url)) ? url : undefined;
}

const isSource = import.meta.url.endsWith('.ts');

async function hashHere(job: HashJob, { hashes, signal, onHashed }: HashRun): Promise<void> {
  const hasher = new ChunkHasher(job, hashes[job.hash]);
  try {
    for (let bytes = hasher.hashNext(); bytes > 0; bytes = hasher.hashNext()) {
      onHashed(bytes);
      await setImmediate();
      throwIfAborted(signal);
    }
  } finally {
    hasher.close();
  }
}

async function hashInWorkers(job: HashJob, { signal, onHashed }: HashRun, url: URL, threads: number): Promise<void> {
  const options = { workerData: job, ...(isSource && { execArgv: ['--conditions=@shoal/source'] }) };
  const workers = Array.from({ length: threads }, () => new Worker(url, options));
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  const abort = (): void => stop(abortError(signal));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([stopped, Promise.all(workers.map((worker) => workerEnd(worker, onHashed)))]);
  } finally {
    signal?.removeEventListener('abort', abort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function workerEnd(worker: Worker, onHashed: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (report: HashWorkerReport) => {
      if (report.type === 'hashed') onHashed(report.bytes);
      else reject(new ShoalError(report.code, report.message));
    });
    worker.on('error', reject);
    worker.on('exit', (status) => (status === 0 ? resolve() : reject(new Error(`hash worker ended with ${status}`))));
  });
}
