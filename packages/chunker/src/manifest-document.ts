// A whole manifest: the header that the swarmId names, the file list and the chunk table that the header's two roots
// bind, and the trees that prove any part of them. Written as
//   length of the header (2 bytes, big-endian) | header | entries | chunk table

import { bytesEqual, invariant } from '@shoal/machine';
import { chunkCountMax } from './chunk-size.ts';
import { chunkRecordBytes, type ChunkTable, decodeChunkTable, digestAt, encodeChunkTable } from './chunk-table.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import { digestBytes, type HashSuite } from './hash.ts';
import type { HashTree } from './hash-tree.ts';
import type { Layout } from './layout.ts';
import { entriesOf, entriesProblem, layoutOf, type Manifest, pathsBytesMax, takeApart } from './manifest.ts';
import { contentBytes, decodeEntries, encodeEntries, type ManifestEntry } from './manifest-entry.ts';
import {
  decodeHeader,
  encodeHeader,
  headerBytesMax,
  headerProblem,
  manifestEntriesMax,
  type ManifestHeader,
  type ManifestProblem,
  manifestVersion,
} from './manifest-header.ts';
import { chunkTree, entryTree } from './manifest-trees.ts';
import { type SwarmId, swarmIdOf } from './swarm-id.ts';

const lengthBytes = 2;

/** Longest document, in bytes. */
export const documentBytesMax: number =
  lengthBytes + headerBytesMax + pathsBytesMax + 16 * manifestEntriesMax + 36 * chunkCountMax;

/** A manifest with its chunk digests, all checked. */
export interface ManifestDocument extends ChunkTable {
  readonly swarmId: SwarmId;
  readonly header: ManifestHeader;
  readonly manifest: Manifest;
  readonly layout: Layout;
  /** Files and empty folders as the tree over them has them. */
  readonly entries: readonly ManifestEntry[];
  readonly trees: { readonly entries: HashTree; readonly chunks: HashTree };
}

/**
 * Makes the document of content just hashed: `chunks` has a digest and, if content-defined, a size for each chunk, which
 * must be those of the files. Answers a reason when the contents cannot be a manifest (an unsafe name, too many files).
 */
export function makeDocument(
  manifest: Manifest,
  chunks: ChunkTable,
  hashes: HashSuite,
): Decoded<ManifestDocument, ManifestProblem> {
  const { kind, name, hash, chunking } = manifest;
  const parts = putTogether(manifest, entriesOf(manifest), chunks, hashes);
  const { layout, entries, trees } = parts;
  const header: ManifestHeader = {
    version: manifestVersion,
    kind,
    name,
    hash,
    chunking,
    totalBytes: layout.totalBytes,
    chunkCount: layout.chunkCount,
    entryCount: entries.length,
    entriesRoot: trees.entries.root.digest,
    chunksRoot: trees.chunks.root.digest,
  };
  const problem = headerProblem(header) ?? entriesProblem(manifest, entries);
  return problem ?? decoded({ ...parts, header, swarmId: swarmIdOf(encodeHeader(header), hashes) });
}

export function encodeDocument({ header, entries, digests, sizes }: ManifestDocument): Uint8Array {
  const written = encodeHeader(header);
  const parts = [
    Uint8Array.of(written.length >> 8, written.length & 255),
    written,
    encodeEntries(entries),
    encodeChunkTable({ digests, sizes }),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads a document from a stranger. With `expected` it must be that swarm's. The answer keeps views of `bytes`, which must
 * not be changed afterwards.
 */
export function decodeDocument(
  bytes: Uint8Array,
  { expected, hashes }: { readonly expected?: SwarmId; readonly hashes: HashSuite },
): Decoded<ManifestDocument, ManifestProblem> {
  if (bytes.length > documentBytesMax)
    return refused('tooLarge', `the manifest has more than ${documentBytesMax} bytes`);
  const headerEnd = lengthBytes + (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  const written = bytes.subarray(lengthBytes, headerEnd);
  const swarmId = swarmIdOf(written, hashes);
  if (expected !== undefined && swarmId !== expected)
    return refused('mismatch', 'the manifest is not the one that was asked for');
  const header = decodeHeader(written);
  if (!header.ok) return header;
  const { chunkCount, entryCount, chunking } = header.value;
  const tableStart = Math.max(headerEnd, bytes.length - chunkCount * chunkRecordBytes(chunking));
  const entries = decodeEntries(bytes.subarray(headerEnd, tableStart), entryCount);
  const chunks = decodeChunkTable(bytes.subarray(tableStart), chunkCount, chunking);
  if (entries === undefined || chunks === undefined)
    return refused('malformed', 'the manifest is cut short, or not encoded as shoal encodes one');
  return assembleDocument(header.value, { entries, chunks, areProven: false }, hashes);
}

/** What came from strangers beside a header: as much of it as that counts. */
export interface ReceivedLists {
  readonly entries: readonly ManifestEntry[];
  readonly chunks: ChunkTable;
  /** Every run of them was led up to its root in the header (manifest-run.ts), so it need not be done again. */
  readonly areProven: boolean;
}

/** The document of what came from strangers, which must be what the header binds. */
export function assembleDocument(
  header: ManifestHeader,
  { entries, chunks, areProven }: ReceivedLists,
  hashes: HashSuite,
): Decoded<ManifestDocument, ManifestProblem> {
  const totalBytes = entries.reduce((sum, entry) => sum + contentBytes(entry), 0);
  const chunkedBytes = chunks.sizes === undefined ? totalBytes : chunks.sizes.reduce((sum, size) => sum + size, 0);
  if (totalBytes !== header.totalBytes || chunkedBytes !== totalBytes)
    return refused('mismatch', 'the files or chunks have other sizes than the manifest names');
  const { kind, name, hash, chunking } = header;
  const manifest: Manifest = { kind, name, hash, chunking, ...takeApart(entries) };
  const problem = entriesProblem(manifest, entries);
  if (problem !== undefined) return problem;
  const parts = putTogether(manifest, entries, chunks, hashes);
  // A list of nothing has no run that could be led anywhere.
  if (!(areProven && totalBytes > 0) && !isBound(parts, header))
    return refused('mismatch', 'the file list or the chunk table is not the one the manifest names');
  return decoded({ ...parts, header, swarmId: swarmIdOf(encodeHeader(header), hashes) });
}

/** All of a document but what names it. */
type DocumentParts = Omit<ManifestDocument, 'header' | 'swarmId'>;

function putTogether(
  manifest: Manifest,
  entries: readonly ManifestEntry[],
  chunks: ChunkTable,
  hashes: HashSuite,
): DocumentParts {
  const layout = layoutOf(manifest, chunks.sizes);
  invariant(chunks.digests.length === layout.chunkCount * digestBytes, 'the table has one digest per chunk');
  const hash = hashes[manifest.hash];
  return {
    ...chunks,
    manifest,
    layout,
    entries,
    trees: { entries: entryTree(entries, hash), chunks: chunkTree(layout, chunks, hash) },
  };
}

const isBound = ({ trees }: DocumentParts, { entriesRoot, chunksRoot }: ManifestHeader): boolean =>
  bytesEqual(trees.entries.root.digest, entriesRoot) && bytesEqual(trees.chunks.root.digest, chunksRoot);

/** True when `bytes` are exactly that chunk. */
export function chunkVerifies(
  document: ManifestDocument,
  chunk: number,
  bytes: Uint8Array,
  hashes: HashSuite,
): boolean {
  if (bytes.length !== document.layout.sizeOfChunk(chunk)) return false;
  return bytesEqual(hashes[document.manifest.hash].digest(bytes), digestAt(document.digests, chunk));
}
