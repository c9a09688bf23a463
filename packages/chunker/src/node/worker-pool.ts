// Worker threads that share the segments of one job: each takes the next segment that nobody has taken; what they found is
// asked for here in the order of the segments.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ShoalError } from '@shoal/machine';
import { abortError } from './aborting.ts';
import type { NextSegment, WorkerReport } from './worker-thread.ts';

export const firstSegment = (): NextSegment => new Int32Array(new SharedArrayBuffer(4));

const threadsMax = 8; // reading, not hashing, is the limit from there on
const startMs = 40; // of a worker, native module included
const bytesPerMs = 3_000_000;
const filesPerMs = 50;

/** As many threads as the machine has cores for and so much content is worth; 1 is the calling one. */
export function threadsFor(bytes: number, files: number): number {
  const isWorthIt = bytes / bytesPerMs + files / filesPerMs > 2 * startMs;
  return isWorthIt ? Math.min(availableParallelism(), threadsMax) : 1;
}

const isSource = import.meta.url.endsWith('.ts');

export class WorkerPool<Found> implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #ended: Promise<unknown>;
  readonly #arrived = new Map<number, Found>();
  readonly #signal: AbortSignal | undefined;
  #segment = 0;
  #wake: (() => void) | undefined;
  /** Why nothing more will be found; the first reason counts. */
  #trouble: unknown;

  /** The worker of this name beside this file, source or built; undefined in a bundle that left it out. */
  static workerUrl(name: string): URL | undefined {
    const url = new URL(`./${name}${isSource ? '.ts' : '.js'}`, import.meta.url);
    return url.protocol === 'file:' && existsSync(fileURLToPath(url)) ? url : undefined;
  }

  constructor(url: URL, job: unknown, { threads, signal }: { threads: number; signal?: AbortSignal | undefined }) {
    const options = { workerData: job, ...(isSource && { execArgv: ['--conditions=@shoal/source'] }) };
    this.#workers = Array.from({ length: threads }, () => new Worker(url, options));
    this.#ended = Promise.all(this.#workers.map((worker) => this.#listen(worker)));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** What was found in the next segment. Fails with the first trouble a worker had, or `aborted`. */
  async next(): Promise<Found> {
    const segment = this.#segment++;
    for (;;) {
      this.#throwTrouble();
      const found = this.#arrived.get(segment);
      this.#arrived.delete(segment);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Waits for all workers, which look at their files a last time. Fails as `next` does. */
  async finish(): Promise<void> {
    await this.#ended;
    this.#throwTrouble();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Settles when the worker has ended, however it did. */
  #listen(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      worker.on('message', (report: WorkerReport<Found>) => {
        if (report.type === 'failed') return this.#stop(new ShoalError(report.code, report.message));
        this.#arrived.set(report.segment, report.found);
        this.#wake?.();
      });
      worker.on('error', (error) => this.#stop(error));
      worker.on('exit', (status) => {
        if (status !== 0) this.#stop(new Error(`a worker ended with ${status}`));
        resolve();
      });
    });
  }

  readonly #abort = (): void => this.#stop(abortError(this.#signal));

  #stop(trouble: unknown): void {
    this.#trouble ??= trouble;
    this.#wake?.();
  }

  #throwTrouble(): void {
    if (this.#trouble !== undefined) throw this.#trouble;
  }
}
