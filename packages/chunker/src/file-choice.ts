// Some files of a set instead of all. Chunks know no files: a chunk at the border of a chosen file holds bytes of its
// neighbour as well, and is needed whole to be verified.

import { Bitfield, ShoalError } from '@shoal/machine';
import type { HeldChunks } from './chunk-store.ts';
import type { ManifestDocument } from './manifest-document.ts';

/** Whether the file or empty folder at this path is among those chosen. */
export type FileChoice = (path: string) => boolean;

/** The chunks that hold any byte of the files chosen. */
export function chunksOfFiles({ manifest, layout }: ManifestDocument, chosen: FileChoice): Bitfield {
  const chunks = new Bitfield(layout.chunkCount);
  for (const [file, { path }] of manifest.files.entries()) {
    if (!chosen(path)) continue;
    const { first, end } = layout.chunksOfFile(file);
    for (let chunk = first; chunk < end; chunk += 1) chunks.set(chunk);
  }
  return chunks;
}

/** Fails with `unfinished` unless every chunk of the files chosen, or of all, is held. */
export function checkComplete(document: ManifestDocument, held: HeldChunks, only: FileChoice | undefined): void {
  let missing = held.length - held.count;
  if (only !== undefined) {
    missing = 0;
    for (const chunk of chunksOfFiles(document, only).ones()) if (!held.has(chunk)) missing += 1;
  }
  if (missing > 0) throw new ShoalError('unfinished', `${missing} of ${held.length} chunks are missing`);
}
