// The worker threads that hash a set. Each takes the next segment that nobody has taken; what they found is asked for
// here in the order of the byte space.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, ShoalError } from '@shoal/machine';
import { ChunkRun, type WrittenRun } from '../chunk-run.ts';
import { abortError } from './aborting.ts';
import type { HashJob } from './chunk-hasher.ts';

/** What a worker says. */
export type HashWorkerReport =
  | { readonly type: 'hashed'; readonly segment: number; readonly run: WrittenRun }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

const isSource = import.meta.url.endsWith('.ts');

export class HashPool implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #ended: Promise<unknown>;
  readonly #arrived = new Map<number, ChunkRun>();
  readonly #signal: AbortSignal | undefined;
  #segment = 0;
  #wake: (() => void) | undefined;
  /** Why there will be no more runs; the first reason counts. */
  #trouble: unknown;

  /** The worker beside this file, source or built; undefined in a bundle that left it out. */
  static workerUrl(): URL | undefined {
    const url = new URL(isSource ? './hash-worker.ts' : './hash-worker.js', import.meta.url);
    return url.protocol === 'file:' && existsSync(fileURLToPath(url)) ? url : undefined;
  }

  constructor(url: URL, job: HashJob, { threads, signal }: { threads: number; signal?: AbortSignal | undefined }) {
    const options = { workerData: job, ...(isSource && { execArgv: ['--conditions=@shoal/source'] }) };
    this.#workers = Array.from({ length: threads }, () => new Worker(url, options));
    this.#ended = Promise.all(this.#workers.map((worker) => this.#listen(worker)));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** The run of the next segment. Fails with the first trouble a worker had, or `aborted`. */
  async nextRun(): Promise<ChunkRun> {
    const segment = this.#segment++;
    for (;;) {
      this.#throwTrouble();
      const run = this.#arrived.get(segment);
      this.#arrived.delete(segment);
      if (run !== undefined) return run;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Waits for all workers, which look at their files a last time. Fails as `nextRun` does. */
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
      worker.on('message', (report: HashWorkerReport) => {
        if (report.type === 'failed') return this.#stop(new ShoalError(report.code, report.message));
        this.#arrived.set(report.segment, new ChunkRun(report.run));
        this.#wake?.();
      });
      worker.on('error', (error) => this.#stop(error));
      worker.on('exit', (status) => {
        if (status !== 0) this.#stop(new Error(`hash worker ended with ${status}`));
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
