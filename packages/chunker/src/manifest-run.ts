// A run of the file list or of the chunk table as it is handed out: the proof that leads from it to its root in the
// header, then what it proves. It is checked with the header alone. Written as
//   proof (hash-tree.ts) | entries, or chunk table (chunk-table.ts), of the run

import { type ChunkTable, decodeChunkTable, digestAt, encodeChunkTable } from './chunk-table.ts';
import { digestBytes, type HashSuite } from './hash.ts';
import { type LeafRun, proofBytes, startOfRun, type TreeNode } from './hash-tree.ts';
import type { ManifestDocument } from './manifest-document.ts';
import { decodeEntries, encodeEntries, type ManifestEntry } from './manifest-entry.ts';
import type { ManifestHeader } from './manifest-header.ts';
import { entryLeaf } from './manifest-trees.ts';

/** A run that is exactly what the header's maker put there. */
export interface ProvenRun<T> {
  readonly items: T;
  readonly leaves: readonly TreeNode[];
  /** Where the content of the run begins in the byte space. */
  readonly start: number;
}

export function encodeEntryRun({ trees, entries }: ManifestDocument, run: LeafRun): Uint8Array {
  return join(trees.entries.prove(run), encodeEntries(entries.slice(run.from, run.to)));
}

export function encodeChunkRun({ trees, digests, sizes }: ManifestDocument, run: LeafRun): Uint8Array {
  const table: ChunkTable = {
    digests: digests.subarray(run.from * digestBytes, run.to * digestBytes),
    sizes: sizes?.subarray(run.from, run.to),
  };
  return join(trees.chunks.prove(run), encodeChunkTable(table));
}

/** Reads and proves a run; undefined when `bytes` are not what the header's maker put there. */
export function decodeEntryRun(
  header: ManifestHeader,
  run: LeafRun,
  bytes: Uint8Array,
  hashes: HashSuite,
): ProvenRun<readonly ManifestEntry[]> | undefined {
  const split = proofBytes(header.entryCount, run);
  const leaves: TreeNode[] = [];
  const entries = decodeEntries(bytes.subarray(split), run.to - run.from, (entry, written) =>
    leaves.push(entryLeaf(entry, written, hashes[header.hash])),
  );
  if (entries === undefined) return undefined;
  const root = { digest: header.entriesRoot, bytes: header.totalBytes };
  const tree = { count: header.entryCount, root };
  const start = startOfRun(tree, run.from, leaves, bytes.subarray(0, split), hashes[header.hash]);
  return start === undefined ? undefined : { items: entries, leaves, start };
}

/** The same of chunks; the digests are a view of `bytes`. */
export function decodeChunkRun(
  header: ManifestHeader,
  run: LeafRun,
  bytes: Uint8Array,
  hashes: HashSuite,
): ProvenRun<ChunkTable> | undefined {
  const split = proofBytes(header.chunkCount, run);
  const chunks = decodeChunkTable(bytes.subarray(split), run.to - run.from, header.chunking);
  if (chunks === undefined) return undefined;
  const leaves = Array.from({ length: run.to - run.from }, (_, index): TreeNode => ({
    digest: digestAt(chunks.digests, index),
    bytes: chunks.sizes?.[index] ?? sizeOfEven(header, run.from + index),
  }));
  const root = { digest: header.chunksRoot, bytes: header.totalBytes };
  const tree = { count: header.chunkCount, root };
  const start = startOfRun(tree, run.from, leaves, bytes.subarray(0, split), hashes[header.hash]);
  return start === undefined ? undefined : { items: chunks, leaves, start };
}

/** Of chunks of one size. */
const sizeOfEven = ({ chunking, totalBytes }: ManifestHeader, chunk: number): number =>
  chunking.kind === 'fixed' ? Math.min(chunking.chunkBytes, totalBytes - chunk * chunking.chunkBytes) : 0;

function join(proof: Uint8Array, run: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(proof.length + run.length);
  bytes.set(proof);
  bytes.set(run, proof.length);
  return bytes;
}
