// One thread of a hash pool: takes batches of the job it was given until none is left, then ends.

import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { invariant, ShoalError } from '@shoal/machine';
import { ChunkHasher, type HashJob } from './chunk-hasher.ts';
import type { HashWorkerReport } from './hash-pool.ts';
import { loadHashes } from './hashes.ts';

/** Telling more often costs more than anyone sees. */
const reportBytes = 16 * 1_048_576;

invariant(parentPort !== null, 'a hash worker runs in a worker thread');
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a thread
const report = (message: HashWorkerReport): void => parentPort!.postMessage(message);
const job = workerData as HashJob;
const hasher = new ChunkHasher(job, (await loadHashes())[job.hash]);
try {
  let unreported = 0;
  for (let bytes = hasher.hashNext(); bytes > 0; bytes = hasher.hashNext()) {
    unreported += bytes;
    if (unreported < reportBytes) continue;
    report({ type: 'hashed', bytes: unreported });
    unreported = 0;
    await setImmediate(); // lets the collector finalise what native calls left behind
  }
  report({ type: 'hashed', bytes: unreported });
} catch (error) {
  if (!(error instanceof ShoalError)) throw error;
  report({ type: 'failed', code: error.code, message: error.message });
} finally {
  hasher.close();
}
