// A process that downloads a made-up set and tells each chunk that it stored, up to a number of them; then it begins
// some more and tells nothing: to be killed while it writes. Usage: node download.ts DESTINATION CHUNKS

import { ShoalError } from '@shoal/machine';
import { openFileStore } from '../../../src/node/file-chunk-store.ts';
import { slowSet } from './slow-set.ts';

const { document, chunks } = slowSet();
const [destination, chunksToTell] = [process.argv[2]!, Number(process.argv[3])];
const chunksUntold = 50;
try {
  const store = await openFileStore({ document, destination });
  const missing = [...chunks.keys()].filter((chunk) => !store.held.has(chunk));
  for (const chunk of missing.slice(0, chunksToTell)) {
    await store.writeChunk(chunk, chunks[chunk]!);
    process.stdout.write(`${chunk}\n`);
  }
  const untold = missing.slice(chunksToTell, chunksToTell + chunksUntold);
  await Promise.all(untold.map((chunk) => store.writeChunk(chunk, chunks[chunk]!)));
  setInterval(() => {}, 1000); // waits for its end
} catch (error) {
  if (!(error instanceof ShoalError)) throw error;
  process.stdout.write(`${error.code}\n`);
}
