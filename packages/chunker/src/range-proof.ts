// Any range of any file, checked against the swarmId alone: whoever holds the manifest proves which chunks hold the range
// and where it lies in them; whoever gets these chunks needs nothing else. Written as one canonical msgpack array
// (canonical.ts) of the header and two runs (manifest-run.ts):
//   [header, index of the entry, run of that entry, first chunk, number of chunks, run of these chunks]
// An empty range has no chunks, and begins at chunk 0.

import { bytesEqual, UsageError } from '@shoal/machine';
import { CanonicalReader, CanonicalWriter } from './canonical.ts';
import { chunkCountMax } from './chunk-size.ts';
import type { ChunkTable } from './chunk-table.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import type { Hash, HashSuite } from './hash.ts';
import type { TreeNode } from './hash-tree.ts';
import type { ManifestDocument } from './manifest-document.ts';
import {
  decodeHeader,
  encodeHeader,
  headerBytesMax,
  manifestEntriesMax,
  type ManifestProblem,
} from './manifest-header.ts';
import { decodeChunkRun, decodeEntryRun, encodeChunkRun, encodeEntryRun, type ProvenRun } from './manifest-run.ts';
import { showName } from './safe-path.ts';
import { type SwarmId, swarmIdOf } from './swarm-id.ts';

/** Bytes of one file from `start` up to, not including, `end`. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Most bytes of a proof, besides 32 (36, if content-defined) for each chunk of the range. */
export const rangeProofBytesMax = 8192;

/** Why a range is not proven. `outside`: the file is shorter. `damaged`: a chunk is not the one the proof names. */
export type RangeProblem = ManifestProblem | 'outside' | 'damaged';

/** What a holder hands out beside the chunks of a range. Throws a UsageError for a range that the set does not have. */
export function proveRange(document: ManifestDocument, { path, start, end }: FileRange): Uint8Array {
  const { header, entries, manifest, layout } = document;
  const file = manifest.files.findIndex((known) => known.path === path);
  if (file < 0) throw new UsageError('path', `${showName(path)} is not a file of the set`);
  if (!(Number.isSafeInteger(start) && start >= 0 && start <= end && end <= layout.sizeOfFile(file)))
    throw new UsageError('range', `is not within the ${layout.sizeOfFile(file)} bytes of ${showName(path)}`);
  const entry = entries.findIndex((known) => known.path === path);
  const chunks = layout.chunksOfFileRange(file, start, end);
  const writer = new CanonicalWriter().array(6).bytes(encodeHeader(header));
  writer.uint(entry).bytes(encodeEntryRun(document, { from: entry, to: entry + 1 }));
  writer.uint(chunks.first).uint(chunks.end - chunks.first);
  const run = { from: chunks.first, to: chunks.end };
  return writer.bytes(encodeChunkRun(document, run)).finish();
}

export interface RangeQuestion {
  readonly swarmId: SwarmId;
  readonly range: FileRange;
  /** As `proveRange` made it. */
  readonly proof: Uint8Array;
  /** The chunks of the range, whole and in order. */
  readonly chunks: readonly Uint8Array[];
  readonly hashes: HashSuite;
}

/** The bytes of the range, when proof and chunks show that they are those of the swarm; else why not. */
export function verifyRange(question: RangeQuestion): Decoded<Uint8Array, RangeProblem> {
  const { range, chunks } = question;
  const read = readProof(question);
  if (!read.ok) return read;
  const { leaves, hash, offset } = read.value;
  if (leaves.length !== chunks.length || !leaves.every((leaf, index) => isChunk(chunks[index]!, leaf, hash)))
    return refused('damaged', 'a chunk of the range is missing, or not the one that the swarm has');
  return decoded(cut(chunks, offset, range.end - range.start));
}

/** What a proof proves: which chunks, and where the range begins in the first of them. */
interface ProvenRange {
  readonly leaves: readonly TreeNode[];
  readonly hash: Hash;
  readonly offset: number;
}

function readProof({ swarmId, range, proof, hashes }: RangeQuestion): Decoded<ProvenRange, RangeProblem> {
  const { path, start, end } = range;
  const reader = new CanonicalReader(proof);
  const fields = reader.array(6);
  const head = reader.bytesUpTo(headerBytesMax);
  const [entry, entryRun] = [reader.uint(manifestEntriesMax), reader.bytesUpTo(proof.length)];
  const [first, count] = [reader.uint(chunkCountMax), reader.uint(chunkCountMax)];
  const chunkRun = reader.bytesUpTo(proof.length);
  if (fields !== 6 || !reader.done) return refused('malformed', 'this is not the proof of a range');
  if (swarmIdOf(head, hashes) !== swarmId) return refused('mismatch', 'the proof is that of another swarm');
  const header = decodeHeader(head);
  if (!header.ok) return header;
  const hash = hashes[header.value.hash];
  const named = decodeEntryRun(header.value, { from: entry, to: entry + 1 }, entryRun, hashes);
  const file = named?.items[0];
  if (named === undefined || file === undefined || !('bytes' in file) || file.path !== path)
    return refused('mismatch', `the proof is not that of ${showName(path)}`);
  if (!(start >= 0 && start <= end && end <= file.bytes))
    return refused('outside', `${showName(path)} has ${file.bytes} bytes`);
  const proven = decodeChunkRun(header.value, { from: first, to: first + count }, chunkRun, hashes);
  const isEmpty = start === end && first + count === 0;
  if (proven === undefined || !(isEmpty || covers(proven, named.start + start, named.start + end)))
    return refused('mismatch', 'the proof is not that of the chunks of the range');
  return decoded({ leaves: proven.leaves, hash, offset: named.start + start - proven.start });
}

/** Whether a run of chunks is some and exactly those that hold a byte from `from` up to, not including, `to`. */
function covers({ leaves, start }: ProvenRun<ChunkTable>, from: number, to: number): boolean {
  if (from === to || leaves.length === 0) return false;
  const end = leaves.reduce((sum, { bytes }) => sum + bytes, start);
  return start <= from && from < start + leaves[0]!.bytes && end - leaves.at(-1)!.bytes < to && to <= end;
}

const isChunk = (chunk: Uint8Array, { digest, bytes }: TreeNode, hash: Hash): boolean =>
  chunk.length === bytes && bytesEqual(hash.digest(chunk), digest);

/** The `length` bytes that begin `offset` bytes into the first chunk. */
function cut(chunks: readonly Uint8Array[], offset: number, length: number): Uint8Array {
  const range = new Uint8Array(length);
  let at = -offset;
  for (const chunk of chunks) {
    const piece = chunk.subarray(Math.max(0, -at), Math.min(chunk.length, length - at));
    range.set(piece, Math.max(0, at));
    at += chunk.length;
  }
  return range;
}
