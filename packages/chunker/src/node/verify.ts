// Whether what lies on this disk is what a manifest says: a file or folder, or a folder of chunks. Everything is read and
// hashed, nothing is changed.

import { join, resolve } from 'node:path';
import { bytesEqual } from '@shoal/machine';
import { digestAt } from '../chunk-table.ts';
import { Layout } from '../layout.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { type ChunkTrouble, lookAtFile, readChunkFolder, troublesOf } from './chunk-folder.ts';
import { copyChunks } from './copy-chunks.ts';
import { type DiskFile, nothing, packFiles } from './disk-files.ts';
import { loadHashes } from './hashes.ts';
import { heldOf } from './join.ts';

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (verifiedBytes: number, totalBytes: number) => void;
}

export interface FileTrouble {
  readonly path: string;
  /** Two files that share a damaged chunk are both `damaged`: it does not tell which of them is. */
  readonly problem: 'missing' | 'damaged';
}

export interface Verified {
  readonly document: ManifestDocument;
  /** In the order of the manifest. */
  readonly troubles: readonly FileTrouble[];
}

/** Compares the file or folder at `path`, whatever its name is. Fails with a ShoalError: `permissionDenied`, `contentChanged`, `aborted`. */
export async function verifyContent(
  path: string,
  document: ManifestDocument,
  { signal, onProgress }: VerifyOptions = {},
): Promise<Verified> {
  const { manifest, layout, digests } = document;
  const root = resolve(path);
  const diskPaths = manifest.files.map((file) => (manifest.kind === 'file' ? root : join(root, file.path)));
  const found = diskPaths.map(lookAtFile);
  const whole = found.map((file, index) => (file?.bytes === manifest.files[index]!.bytes ? file : nothing));
  const starts = startsIn(whole, document);
  const targets = layout.chunkStarts();
  const from = packFiles(whole);
  const onCopied = (run: { readonly end: number }): void => onProgress?.(targets[run.end]!, layout.totalBytes);
  const read = await copyChunks({ from, starts, targets, hash: manifest.hash, signal, onCopied });
  const damaged = new Set<number>();
  for (const [chunk, start] of starts.entries())
    if (start >= 0 && !bytesEqual(digestAt(read, chunk), digestAt(digests, chunk)))
      for (const { file } of layout.piecesOfChunk(chunk)) damaged.add(file);
  const troubles = manifest.files.flatMap((file, index): FileTrouble[] => {
    if (found[index] === undefined) return [{ path: file.path, problem: 'missing' }];
    return damaged.has(index) || found[index].bytes !== file.bytes ? [{ path: file.path, problem: 'damaged' }] : [];
  });
  return { document, troubles };
}

/** Where each chunk begins in the byte space of `files`; below 0 where a file it needs is not whole. */
function startsIn(files: readonly DiskFile[], { layout, manifest }: ManifestDocument): Float64Array {
  const here = new Layout(
    files.map(({ bytes }) => bytes),
    Number.MAX_SAFE_INTEGER,
  );
  return Float64Array.from({ length: layout.chunkCount }, (_, chunk) => {
    const pieces = layout.piecesOfChunk(chunk);
    if (pieces.some(({ file }) => files[file]!.bytes !== manifest.files[file]!.bytes)) return -1;
    const { file, fileOffset } = pieces[0]!;
    return here.endOfFile(file) - here.sizeOfFile(file) + fileOffset;
  });
}

/** What the chunk files in `folder` are to be put together to. Fails as `join` does. */
export const manifestOfChunks = async (folder: string): Promise<ManifestDocument> =>
  (await readChunkFolder(folder, await loadHashes(), undefined)).document;

/** Compares the chunk files in `folder` with the summary beside them. Fails as `join` does when there is none. */
export async function verifyChunks(
  folder: string,
  { signal }: VerifyOptions = {},
): Promise<{ readonly document: ManifestDocument; readonly troubles: readonly ChunkTrouble[] }> {
  const parts = await readChunkFolder(folder, await loadHashes(), undefined);
  return { document: parts.document, troubles: troublesOf(parts, await heldOf(parts, signal)) };
}
