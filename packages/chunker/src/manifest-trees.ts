// The two trees of a manifest: over its file list and over its chunks. A leaf is the digest of an entry as written, or
// of a chunk itself, with the bytes of content it stands for; so both trees have all of the content below their roots.

import { CanonicalWriter } from './canonical.ts';
import { type ChunkTable, digestAt } from './chunk-table.ts';
import type { Hash } from './hash.ts';
import { HashTree, type TreeNode } from './hash-tree.ts';
import type { Layout } from './layout.ts';
import { contentBytes, type ManifestEntry, writeEntry } from './manifest-entry.ts';

export const entryLeaf = (entry: ManifestEntry, written: Uint8Array, hash: Hash): TreeNode => ({
  digest: hash.digest(written),
  bytes: contentBytes(entry),
});

function writtenLeaf(entry: ManifestEntry, hash: Hash): TreeNode {
  writeEntry(leafWriter, entry);
  return entryLeaf(entry, leafWriter.takeView(), hash);
}

/** One for all leaves: memory of its own for each would cost more than the hash. */
const leafWriter = new CanonicalWriter();

export const entryTree = (entries: readonly ManifestEntry[], hash: Hash): HashTree =>
  new HashTree(entries.length, (index) => writtenLeaf(entries[index]!, hash), hash);

export const chunkTree = (layout: Layout, { digests }: ChunkTable, hash: Hash): HashTree =>
  new HashTree(
    layout.chunkCount,
    (chunk) => ({ digest: digestAt(digests, chunk), bytes: layout.sizeOfChunk(chunk) }),
    hash,
  );
