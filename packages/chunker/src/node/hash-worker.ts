// One thread of a hash pool: takes segments of the job it was given until none is left, then ends.

import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { invariant, ShoalError } from '@shoal/machine';
import { ChunkRun } from '../chunk-run.ts';
import { ChunkHasher, type HashJob } from './chunk-hasher.ts';
import type { HashWorkerReport } from './hash-pool.ts';
import { loadHashes } from './hashes.ts';

invariant(parentPort !== null, 'a hash worker runs in a worker thread');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a thread
const report = (message: HashWorkerReport): void => parentPort!.postMessage(message);
const job = workerData as HashJob;
const hasher = new ChunkHasher(job, (await loadHashes())[job.hash]);
try {
  for (let segment = take(); segment * job.segmentBytes < hasher.totalBytes; segment = take()) {
    const run = new ChunkRun({ start: segment * job.segmentBytes });
    const end = Math.min(run.start + job.segmentBytes, hasher.totalBytes);
    while (run.end < end) hasher.addTo(run);
    report({ type: 'hashed', segment, run: run.write() });
    await setImmediate(); // lets the collector finalise what native calls left behind
  }
  hasher.close();
} catch (error) {
  hasher.close({ check: false });
  if (!(error instanceof ShoalError)) throw error;
  report({ type: 'failed', code: error.code, message: error.message });
}

function take(): number {
  return Atomics.add(job.nextSegment, 0, 1);
}
