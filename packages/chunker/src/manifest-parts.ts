// A manifest in parts, each of which can be checked alone: first the header, whose hash is the swarmId, then runs of the
// file list, then runs of the chunk table (manifest-run.ts).

import { invariant } from '@shoal/machine';
import { type LeafRun, rememberedLeaves } from './hash-tree.ts';
import type { ManifestDocument } from './manifest-document.ts';
import { entryBytesMax } from './manifest-entry.ts';
import { encodeHeader, type ManifestHeader } from './manifest-header.ts';
import { encodeChunkRun, encodeEntryRun } from './manifest-run.ts';

/** Entries, or chunks, in one part: a subtree that trees remember, so that proving it hashes next to nothing. */
const leavesPerPart = rememberedLeaves;

/** Longest part, in bytes: entries with the longest paths and their proof. Usual parts have some 40 KB. */
export const manifestPartBytesMax: number = leavesPerPart * entryBytesMax + 4096;

export const partCountOf = ({ entryCount, chunkCount }: ManifestHeader): number =>
  1 + Math.ceil(entryCount / leavesPerPart) + Math.ceil(chunkCount / leavesPerPart);

/** Which entries or chunks a part after the header has. */
export function placeOfPart(
  { entryCount, chunkCount }: ManifestHeader,
  part: number,
): { readonly of: 'entries' | 'chunks'; readonly run: LeafRun } {
  const entryParts = Math.ceil(entryCount / leavesPerPart);
  const of = part <= entryParts ? 'entries' : 'chunks';
  const from = (part - 1 - (of === 'entries' ? 0 : entryParts)) * leavesPerPart;
  return { of, run: { from, to: Math.min(from + leavesPerPart, of === 'entries' ? entryCount : chunkCount) } };
}

/** A part as it is handed out, from 0 up to, not including, `partCountOf`. */
export function manifestPart(document: ManifestDocument, part: number): Uint8Array {
  const { header } = document;
  invariant(Number.isInteger(part) && part >= 0 && part < partCountOf(header), 'the part is one of the manifest');
  if (part === 0) return encodeHeader(header);
  const { of, run } = placeOfPart(header, part);
  return of === 'entries' ? encodeEntryRun(document, run) : encodeChunkRun(document, run);
}
