import { describe, expect, test } from 'vitest';
import { pureHashes } from '../src/hash.ts';
import { MemoryChunkStore } from '../src/memory-chunk-store.ts';
import { chunkStoreCases, sampleSet } from '../src/testing/index.ts';

describe('memory chunk store', () => {
  test.each(chunkStoreCases)('$name', async ({ run }) => {
    const running = run({
      empty: async (document) => new MemoryChunkStore({ document, hashes: pureHashes }),
      full: async ({ document, content }) => new MemoryChunkStore({ document, hashes: pureHashes, content }),
    });
    await expect(running).resolves.toBeUndefined();
  });

  test('answers at once for callers in virtual time, and keeps references when told to', () => {
    const { document, chunks } = sampleSet([1500]);
    const store = new MemoryChunkStore({ document, hashes: pureHashes, keepReferences: true });
    expect(store.readNow(1)).toBeUndefined();
    expect(store.writeNow(1, chunks[1]!)).toBe('stored');
    expect(store.readNow(1)).toBe(chunks[1]);
  });
});
