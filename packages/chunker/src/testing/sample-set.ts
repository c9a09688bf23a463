// A small file-set made up from sizes alone, the same every time, with its document and chunks.

import { invariant } from '@shoal/machine';
import { type Chunking, fixedChunks } from '../chunking.ts';
import { pureHashes } from '../hash.ts';
import { Layout } from '../layout.ts';
import { makeDocument, type ManifestDocument } from '../manifest-document.ts';

export interface SampleSet {
  readonly document: ManifestDocument;
  /** The whole byte space. */
  readonly content: Uint8Array;
  readonly chunks: readonly Uint8Array[];
  /** The content of each file, in the order of the manifest. */
  readonly files: readonly Uint8Array[];
}

/**
 * A folder named `sample` of files `0000`, `0001`… with these sizes; every byte follows from its place. Chunks have
 * `chunks` bytes, or these sizes.
 */
export function sampleSet(fileBytes: readonly number[], chunks: number | readonly number[] = 1000): SampleSet {
  const layout = new Layout(fileBytes, chunks);
  const content = new Uint8Array(layout.totalBytes);
  for (let at = 0; at < content.length; at += 1) content[at] = (at * 31 + (at >> 8) * 7) & 255;
  const pieces = Array.from({ length: layout.chunkCount }, (_, chunk) => {
    const start = layout.chunkStart(chunk);
    return content.subarray(start, start + layout.sizeOfChunk(chunk));
  });
  const digests = new Uint8Array(pieces.length * 32);
  for (const [chunk, bytes] of pieces.entries()) digests.set(pureHashes.blake3.digest(bytes), chunk * 32);
  const entries = fileBytes.map((bytes, index) => ({
    path: String(index).padStart(4, '0'),
    bytes,
    executable: index % 2 === 1,
  }));
  const sizes = typeof chunks === 'number' ? undefined : Uint32Array.from(chunks);
  const chunking: Chunking =
    typeof chunks === 'number'
      ? fixedChunks(chunks)
      : { kind: 'contentDefined', minBytes: 1, averageBytes: 1000, maxBytes: 10_000 };
  const made = makeDocument(
    { kind: 'folder', name: 'sample', hash: 'blake3', chunking, files: entries, emptyFolders: [] },
    { digests, sizes },
    pureHashes,
  );
  invariant(made.ok, 'a made-up set is a set');
  let start = 0;
  const files = fileBytes.map((bytes) => content.subarray(start, (start += bytes)));
  return { document: made.value, content, chunks: pieces, files };
}
