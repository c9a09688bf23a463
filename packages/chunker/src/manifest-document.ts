// What peers hand each other before any chunk: the encoded manifest and the digests of all chunks, as one blob.
//   length of the manifest (4 bytes, big-endian) | manifest | chunk digests, 32 bytes each
// The manifest is checked against the swarmId, the digests against the manifest's root.

import { bytesEqual, invariant } from '@shoal/machine';
import { chunkCountMax } from './chunk-size.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import { digestBytes, type HashSuite } from './hash.ts';
import type { Layout } from './layout.ts';
import {
  decodeManifest,
  encodeManifest,
  layoutOf,
  type Manifest,
  manifestBytesMax,
  type ManifestProblem,
  manifestProblem,
} from './manifest.ts';
import { digestAt, merkleRoot } from './merkle.ts';
import { type SwarmId, swarmIdOf } from './swarm-id.ts';

const lengthBytes = 4;

/** Longest document, in bytes: what a peer may claim at most when it is asked for one. */
export const documentBytesMax: number = lengthBytes + manifestBytesMax + chunkCountMax * digestBytes;

/** A manifest with its chunk digests, both checked. */
export interface ManifestDocument {
  readonly swarmId: SwarmId;
  readonly manifest: Manifest;
  readonly layout: Layout;
  /** Chunk digests one after the other; `digestAt` finds one. */
  readonly table: Uint8Array;
  /** The whole as it is sent and stored. */
  readonly bytes: Uint8Array;
}

/**
 * Makes the document of content just hashed. `table` holds one digest per chunk of the layout that `contents` gives.
 * Answers a reason when the contents cannot be a manifest (an unsafe name, too many files).
 */
export function makeDocument(
  contents: Omit<Manifest, 'root' | 'version'>,
  table: Uint8Array,
  hashes: HashSuite,
): Decoded<ManifestDocument, ManifestProblem> {
  const manifest: Manifest = { version: 1, ...contents, root: merkleRoot(table, hashes[contents.hash]) };
  const problem = manifestProblem(manifest);
  if (problem !== undefined) return problem;
  const layout = layoutOf(manifest);
  invariant(table.length === layout.chunkCount * digestBytes, 'the table has one digest per chunk');
  const head = encodeManifest(manifest);
  if (head.length > manifestBytesMax)
    return refused('tooLarge', `the manifest has more than ${manifestBytesMax} bytes`);
  const bytes = new Uint8Array(lengthBytes + head.length + table.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, lengthBytes);
  bytes.set(table, lengthBytes + head.length);
  const tableView = bytes.subarray(lengthBytes + head.length);
  return decoded({ swarmId: swarmIdOf(head, hashes), manifest, layout, table: tableView, bytes });
}

/**
 * Reads a document from a stranger. With `expected` it must be that swarm's; the digests must have the manifest's root.
 * The answer keeps views of `bytes`, which must not be changed afterwards.
 */
export function decodeDocument(
  bytes: Uint8Array,
  { expected, hashes }: { readonly expected?: SwarmId; readonly hashes: HashSuite },
): Decoded<ManifestDocument, ManifestProblem> {
  if (bytes.length > documentBytesMax)
    return refused('tooLarge', `the manifest has more than ${documentBytesMax} bytes`);
  if (bytes.length < lengthBytes) return refused('malformed', 'the manifest is cut short');
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (headBytes > bytes.length - lengthBytes) return refused('malformed', 'the manifest is cut short');
  const head = bytes.subarray(lengthBytes, lengthBytes + headBytes);
  const swarmId = swarmIdOf(head, hashes);
  if (expected !== undefined && swarmId !== expected)
    return refused('mismatch', 'the manifest is not the one that was asked for');
  const answer = decodeManifest(head);
  if (!answer.ok) return answer;
  const manifest = answer.value;
  const layout = layoutOf(manifest);
  const table = bytes.subarray(lengthBytes + headBytes);
  if (table.length !== layout.chunkCount * digestBytes)
    return refused('malformed', 'the chunk table does not have one digest per chunk');
  if (!bytesEqual(merkleRoot(table, hashes[manifest.hash]), manifest.root))
    return refused('mismatch', 'the chunk table is not the one the manifest names');
  return decoded({ swarmId, manifest, layout, table, bytes });
}

/** True when `bytes` are exactly that chunk. */
export function chunkVerifies(
  document: ManifestDocument,
  chunk: number,
  bytes: Uint8Array,
  hashes: HashSuite,
): boolean {
  if (bytes.length !== document.layout.sizeOfChunk(chunk)) return false;
  return bytesEqual(hashes[document.manifest.hash].digest(bytes), digestAt(document.table, chunk));
}
