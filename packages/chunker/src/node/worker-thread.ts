// What runs in a thread of a WorkerPool. Apart from the pool, which has to lie beside the workers' own files when built.

import { setImmediate } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { type ErrorCode, invariant, ShoalError } from '@shoal/machine';

/** What a worker says. */
export type WorkerReport<Found> =
  | { readonly type: 'done'; readonly segment: number; readonly found: Found }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** One number that workers share: the next segment that nobody has taken. */
export type NextSegment = Int32Array;

/** What a thread of a pool works with. `doSegment` answers undefined when there are no more segments. */
export interface SegmentWork<Found> {
  doSegment(segment: number): Found | undefined;
  /** Looks at its files a last time, unless told not to. */
  close(options?: { readonly check: boolean }): void;
}

/** The whole life of a worker: takes segments until none is left, then ends. */
export async function workThrough<Found>(nextSegment: NextSegment, work: SegmentWork<Found>): Promise<void> {
  invariant(parentPort !== null, 'a worker runs in a worker thread');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a thread
  const report = (message: WorkerReport<Found>): void => parentPort!.postMessage(message);
  try {
    for (;;) {
      const segment = Atomics.add(nextSegment, 0, 1);
      const found = work.doSegment(segment);
      if (found === undefined) break;
      report({ type: 'done', segment, found });
      await setImmediate(); // lets the collector finalise what native calls left behind
    }
    work.close();
  } catch (error) {
    work.close({ check: false });
    if (!(error instanceof ShoalError)) throw error;
    report({ type: 'failed', code: error.code, message: error.message });
  }
}
