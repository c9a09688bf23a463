// A process that downloads a made-up set, chunk after chunk, and tells each chunk that is held: to be killed half-way.
// Usage: node download.ts DESTINATION

import { ShoalError } from '@shoal/machine';
import { openFileStore } from '../../../src/node/file-chunk-store.ts';
import { slowSet } from './slow-set.ts';

const { document, chunks } = slowSet();
try {
  const store = await openFileStore({ document, destination: process.argv[2]! });
  for (const [chunk, bytes] of chunks.entries()) {
    await store.writeChunk(chunk, bytes);
    process.stdout.write(`${chunk}\n`);
  }
} catch (error) {
  if (!(error instanceof ShoalError)) throw error;
  process.stdout.write(`${error.code}\n`);
}
