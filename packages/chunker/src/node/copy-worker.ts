// One thread that copies segments of a job.

import { workerData } from 'node:worker_threads';
import { ChunkCopier, type CopyJob } from './chunk-copier.ts';
import { loadHashes } from './hashes.ts';
import { workThrough } from './worker-thread.ts';

const job = workerData as CopyJob;
await workThrough(job.nextSegment, new ChunkCopier(job, (await loadHashes())[job.hash]));
