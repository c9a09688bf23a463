// One thread that hashes segments of a set.

import { workerData } from 'node:worker_threads';
import { ChunkHasher, type HashJob } from './chunk-hasher.ts';
import { loadHashes } from './hashes.ts';
import { workThrough } from './worker-thread.ts';

const job = workerData as HashJob;
await workThrough(job.nextSegment, new ChunkHasher(job, (await loadHashes())[job.hash]));
