// A manifest in parts, each of which can be checked alone (manifest-run.ts): part n has the nth thousand or so of the files
// and of the chunks, and the first one the header that proves all of them; so most manifests are one part. Written as one
// canonical msgpack array (canonical.ts):
//   [header, in part 0, else nothing; run of entries, run of chunks]

import { invariant } from '@shoal/machine';
import { CanonicalReader, CanonicalWriter } from './canonical.ts';
import { type LeafRun, rememberedLeaves } from './hash-tree.ts';
import type { ManifestDocument } from './manifest-document.ts';
import { entryBytesMax } from './manifest-entry.ts';
import { encodeHeader, headerBytesMax, type ManifestHeader } from './manifest-header.ts';
import { encodeChunkRun, encodeEntryRun } from './manifest-run.ts';

/** Entries, and chunks, in one part: a subtree that trees remember, so that proving it hashes next to nothing. */
const leavesPerPart = rememberedLeaves;

/** Longest part, in bytes: entries with the longest paths, and both proofs. Usual parts have some 70 KB. */
export const manifestPartBytesMax: number = headerBytesMax + leavesPerPart * (entryBytesMax + 36) + 4096;

export const partCountOf = ({ entryCount, chunkCount }: ManifestHeader): number =>
  Math.max(1, Math.ceil(Math.max(entryCount, chunkCount) / leavesPerPart));

/** Which of `count` entries or chunks a part has, if any. */
export const runOfPart = (part: number, count: number): LeafRun => ({
  from: Math.min(part * leavesPerPart, count),
  to: Math.min((part + 1) * leavesPerPart, count),
});

/** A part as it is handed out, from 0 up to, not including, `partCountOf`. */
export function manifestPart(document: ManifestDocument, part: number): Uint8Array {
  const { header } = document;
  invariant(Number.isInteger(part) && part >= 0 && part < partCountOf(header), 'the part is one of the manifest');
  const [entries, chunks] = [runOfPart(part, header.entryCount), runOfPart(part, header.chunkCount)];
  const writer = new CanonicalWriter().array(3).bytes(part === 0 ? encodeHeader(header) : new Uint8Array(0));
  return writer.bytes(encodeEntryRun(document, entries)).bytes(encodeChunkRun(document, chunks)).finish();
}

/** What a part is made of; nothing of it is proven yet. */
export interface OpenedPart {
  readonly header: Uint8Array;
  readonly entries: Uint8Array;
  readonly chunks: Uint8Array;
}

/** Takes a part apart into views; undefined when it is none. */
export function openPart(bytes: Uint8Array): OpenedPart | undefined {
  const reader = new CanonicalReader(bytes);
  const fields = reader.array(3);
  const [header, entries, chunks] = [
    reader.bytesUpTo(headerBytesMax),
    reader.bytesUpTo(bytes.length),
    reader.bytesUpTo(bytes.length),
  ];
  return fields === 3 && reader.done ? { header, entries, chunks } : undefined;
}
