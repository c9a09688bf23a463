// Splits a file or folder as the classic assignments want it: each chunk a file of its own, beside a summary that lists
// ids, sizes and hashes, and the `local_chunks.txt` of the classic exercise. All of it appears at once, or not at all.

import { mkdirSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { formatSummary, summaryName } from '../chunk-summary.ts';
import type { Chunking } from '../chunking.ts';
import type { Layout } from '../layout.ts';
import { formatLocalChunks, localChunksName } from '../local-chunks.ts';
import { layoutOf } from '../manifest.ts';
import { copyChunks } from './copy-chunks.ts';
import { type CreatedManifest, type CreateManifestOptions, documentOf, lookAt } from './create-manifest.ts';
import { checkFree, checkSpace, syncFolder } from './destination.ts';
import { diskError } from './disk-errors.ts';
import { syncPath } from './disk-file.ts';
import { packFiles } from './disk-files.ts';
import { hashSet } from './hash-set.ts';
import { loadHashes } from './hashes.ts';
import { PartialFolder } from './partial-folder.ts';
import type { ScannedFile } from './scan-files.ts';
import { packTargets } from './set-writer.ts';

export interface SplitOptions extends CreateManifestOptions {
  /** The folder to make. By default NAME.chunks in the working folder. */
  readonly destination?: string;
}

export interface SplitContent extends CreatedManifest {
  readonly destination: string;
}

/**
 * Fails like `createManifest`, and with `exists` when something is at the destination, `diskFull`, `storeBusy`. Chunk files
 * are handed to the system and not synced one by one: `join` names any that a loss of power took.
 */
export async function split(path: string, options: SplitOptions = {}): Promise<SplitContent> {
  const { signal, threads, onProgress } = options;
  const { scanned, hash, chunking, totalBytes } = await lookAt(path, options);
  const destination = resolve(options.destination ?? `${scanned.name}.chunks`);
  await checkFree(destination);
  const layout = await layoutBefore(scanned.files, chunking, options);
  const partial = await PartialFolder.open(destination, undefined, await loadHashes());
  try {
    await checkSpace(totalBytes, partial.path);
    mkdirSync(partial.contentPath);
    const chunkFiles = Array.from({ length: layout.chunkCount }, (_, chunk) => `chunk-${chunk + 1}`);
    const targets = layout.chunkStarts();
    const digests = await copyChunks({
      from: packFiles(scanned.files),
      starts: targets.subarray(0, layout.chunkCount),
      to: packTargets(
        chunkFiles.map((name, chunk) => ({
          diskPath: join(partial.contentPath, name),
          bytes: layout.sizeOfChunk(chunk),
          mode: 0o666,
        })),
      ),
      targets,
      hash,
      signal,
      threads,
      onCopied: ({ end }) => onProgress?.(targets[end]!, totalBytes),
    });
    const sizes = chunking.kind === 'fixed' ? undefined : Uint32Array.from(chunkFiles, (_, c) => layout.sizeOfChunk(c));
    const document = await documentOf(scanned, hash, chunking, { digests: digests.slice(), sizes });
    const local = formatLocalChunks({ count: chunkFiles.length, files: new Map(chunkFiles.entries()) });
    writeFileSync(join(partial.contentPath, localChunksName), local);
    const summaryPath = join(partial.contentPath, summaryName);
    writeFileSync(summaryPath, formatSummary({ document, chunkFiles }));
    await syncPath(summaryPath);
    await rename(partial.contentPath, destination);
    await syncFolder(dirname(destination));
    return { document, skipped: scanned.skipped, destination };
  } catch (error) {
    throw diskError(error, 'cannot split to', destination);
  } finally {
    await partial.remove();
  }
}

/** Chunks of one size lie where arithmetic says; the others are looked for. */
async function layoutBefore(
  files: readonly ScannedFile[],
  chunking: Chunking,
  { hash = 'blake3', signal, threads }: SplitOptions,
): Promise<Layout> {
  if (chunking.kind === 'fixed') return layoutOf({ files, chunking });
  const run = await hashSet({ files, chunking, hash, signal, threads });
  return layoutOf({ files, chunking }, run.table(chunking).sizes);
}
