import * as chunker from '@shoal/chunker';
import * as wire from '@shoal/wire';
import { expect, test } from 'vitest';

test('whatever the chunker makes fits the messages about it', () => {
  expect(wire.chunkCountMax).toBeGreaterThanOrEqual(chunker.chunkCountMax);
  const [chunkCount, entryCount] = [chunker.chunkCountMax, chunker.manifestEntriesMax];
  const largest = { chunkCount, entryCount } as chunker.ManifestHeader;
  expect(chunker.partCountOf(largest)).toBeLessThanOrEqual(wire.manifestPartsMax);
});
