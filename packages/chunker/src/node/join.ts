// Joins what was split into one file a chunk: every chunk and the whole are verified against the summary, and whatever is
// missing or damaged is named. A folder that has only the `local_chunks.txt` of the classic exercise is joined as well; it
// has no hashes to verify by.

import { resolve } from 'node:path';
import { bytesEqual } from '@shoal/machine';
import { digestAt } from '../chunk-table.ts';
import type { FileChoice } from '../file-choice.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { type ChunkFolder, type ChunkTrouble, readChunkFolder, troubleError } from './chunk-folder.ts';
import { copyChunks } from './copy-chunks.ts';
import { nothing, packFiles } from './disk-files.ts';
import { openFileStore } from './file-chunk-store.ts';
import { loadHashes } from './hashes.ts';
import type { ChunkSource } from './plan.ts';

export interface JoinOptions {
  /** The file or folder to make. By default what the summary names, in the working folder. */
  readonly destination?: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((joinedBytes: number, totalBytes: number) => void) | undefined;
  /** Told of every chunk that is missing or damaged, before `join` fails. */
  readonly onTrouble?: ((trouble: ChunkTrouble) => void) | undefined;
}

export interface JoinedContent {
  readonly destination: string;
  readonly document: ManifestDocument;
  /** False when there was no summary to verify by. */
  readonly verified: boolean;
}

/**
 * Fails with a ShoalError, and nothing made: `notFound` when there is no summary, or chunks are missing;
 * `verificationFailed` when chunks are damaged; `manifestInvalid` when the summary is; and as `openFileStore` does.
 */
export async function join(folder: string, options: JoinOptions = {}): Promise<JoinedContent> {
  const { signal, onProgress, onTrouble } = options;
  const parts = await readChunkFolder(folder, await loadHashes(), onTrouble);
  const { document, found, verified } = parts;
  const { layout, manifest } = document;
  if (found.some((file, chunk) => file?.bytes !== layout.sizeOfChunk(chunk)))
    throw troubleError(parts, await heldOf(parts, signal), onTrouble);
  const destination = resolve(options.destination ?? manifest.name);
  await joinChunks(parts, { destination, signal, onProgress, onTrouble });
  return { destination, document, verified };
}

export interface JoinChunksOptions extends JoinOptions {
  readonly destination: string;
  readonly only?: FileChoice | undefined;
}

/** Makes the content, or `only` some files of it, of the chunks that are there. Fails as `join` does. */
export async function joinChunks(parts: ChunkFolder, options: JoinChunksOptions): Promise<void> {
  const { destination, only, signal, onProgress, onTrouble } = options;
  const { document } = parts;
  const { layout } = document;
  const store = await openFileStore({ document, destination, resume: false, only });
  try {
    await store.copyFrom(sourceOf(parts), {
      signal,
      onCopied: (end) => onProgress?.(layout.chunkStarts()[end]!, layout.totalBytes),
    });
    if (!store.held.isFull && only === undefined)
      throw troubleError(parts, (chunk) => store.held.has(chunk), onTrouble);
    await store.finish({ only });
    await store.close();
  } catch (error) {
    await store.discard();
    throw error;
  }
}

function sourceOf({ document, found }: ChunkFolder): ChunkSource {
  let at = 0;
  const starts = Float64Array.from(found, (file, chunk) => {
    const start = at;
    at += file?.bytes ?? 0;
    return file?.bytes === document.layout.sizeOfChunk(chunk) ? start : -1;
  });
  return { files: found.map((file) => file ?? nothing), starts };
}

/** Which chunks are there and verify. */
export async function heldOf(parts: ChunkFolder, signal: AbortSignal | undefined): Promise<(chunk: number) => boolean> {
  const { layout, digests, manifest } = parts.document;
  const { files, starts } = sourceOf(parts);
  const targets = layout.chunkStarts();
  const read = await copyChunks({ from: packFiles(files), starts, targets, hash: manifest.hash, signal });
  return (chunk) => bytesEqual(digestAt(read, chunk), digestAt(digests, chunk));
}
