// The two trees of a manifest: over its file list and over its chunks. A leaf is the digest of an entry as written, or
// of a chunk itself, with the bytes of content it stands for; so both trees have all of the content below their roots.

import { type ChunkTable, digestAt } from './chunk-table.ts';
import type { Hash } from './hash.ts';
import { HashTree, type TreeNode } from './hash-tree.ts';
import type { Layout } from './layout.ts';
import { contentBytes, encodeEntries, type ManifestEntry } from './manifest-entry.ts';

export const entryLeaf = (entry: ManifestEntry, hash: Hash): TreeNode => ({
  digest: hash.digest(encodeEntries([entry])),
  bytes: contentBytes(entry),
});

export const entryTree = (entries: readonly ManifestEntry[], hash: Hash): HashTree =>
  new HashTree(entries.length, (index) => entryLeaf(entries[index]!, hash), hash);

export const chunkTree = (layout: Layout, { digests }: ChunkTable, hash: Hash): HashTree =>
  new HashTree(
    layout.chunkCount,
    (chunk) => ({ digest: digestAt(digests, chunk), bytes: layout.sizeOfChunk(chunk) }),
    hash,
  );
