// A folder of some chunks of a file that nobody has a manifest of, as `local_chunks.txt` lists them. What the chunks hash to is
// found out by reading those that are there, and for the others told by `expect`; a summary is written when all are there.

import { join, resolve } from 'node:path';
import { Bitfield, ShoalError } from '@shoal/machine';
import { summaryName, formatSummary } from '../chunk-summary.ts';
import { fixedChunks } from '../chunking.ts';
import { localChunksName, parseLocalChunks } from '../local-chunks.ts';
import { layoutOf } from '../manifest.ts';
import { makeDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { lookAtFile, readText } from './chunk-folder.ts';
import { ChunkFolderStore, enterFolder, replaceFile } from './chunk-folder-store.ts';
import { copyChunks } from './copy-chunks.ts';
import { diskError } from './disk-errors.ts';
import { type DiskFile, nothing, packFiles } from './disk-files.ts';
import { loadHashes } from './hashes.ts';

/** What a folder with a `local_chunks.txt` tells of the whole. */
export interface LocalFolder {
  readonly folder: string;
  readonly chunkCount: number;
  /** The files of chunks that are there, and what each chunk's file is called, or will be. */
  readonly found: readonly (DiskFile | undefined)[];
  readonly chunkFiles: readonly string[];
  /** Listed, but not there. */
  readonly missing: readonly string[];
  /** Of all chunks but the last; unknown while no such chunk is there. */
  readonly chunkBytes: number | undefined;
  /** Of the last chunk; unknown while that is not there. */
  readonly lastBytes: number | undefined;
}

/**
 * Fails with a ShoalError: `notFound` when there is no list, `manifestInvalid` when it is damaged or the chunks have sizes
 * that no file is cut into.
 */
export function readLocalFolder(folder: string): LocalFolder {
  const root = resolve(folder);
  const text = readText(join(root, localChunksName));
  const where = showName(join(folder, localChunksName));
  if (text === undefined) throw new ShoalError('notFound', `there is no ${where}: it lists the chunks that are there`);
  const parsed = parseLocalChunks(text);
  if (!parsed.ok) throw new ShoalError('manifestInvalid', `${where} cannot be used: ${parsed.detail}`);
  const { count, files } = parsed.value;
  const all = Array.from({ length: count }, (_, chunk) => chunk);
  const found = all.map((chunk) => {
    const name = files.get(chunk);
    return name === undefined ? undefined : lookAtFile(join(root, name));
  });
  const sizes = new Set(found.slice(0, -1).flatMap((file) => file?.bytes ?? []));
  const lastBytes = found.at(-1)?.bytes;
  const chunkBytes = count === 1 ? lastBytes : [...sizes][0];
  const isOdd = sizes.size > 1 || chunkBytes === 0 || lastBytes === 0 || (lastBytes ?? 0) > (chunkBytes ?? Infinity);
  if (count === 0 || isOdd)
    throw new ShoalError('manifestInvalid', `${where} cannot be used: all chunks but the last must have one size`);
  const taken = new Set(files.values());
  const nameOf = (chunk: number): string => {
    const name = `chunk-${chunk + 1}`;
    return taken.has(name) ? `${name}.fetched` : name;
  };
  return {
    folder: root,
    chunkCount: count,
    found,
    chunkFiles: all.map((chunk) => files.get(chunk) ?? nameOf(chunk)),
    missing: [...files].flatMap(([chunk, name]) => (found[chunk] === undefined ? [name] : [])),
    chunkBytes,
    lastBytes,
  };
}

export interface OpenDraftFolderOptions {
  readonly local: LocalFolder;
  /** The name of the whole, its size, and that of all chunks but the last. */
  readonly name: string;
  readonly bytes: number;
  readonly chunkBytes: number;
  readonly signal?: AbortSignal;
}

/** Reads and hashes the chunks that are there. Fails with a ShoalError: `storeBusy`, `nameUnsafe`, `permissionDenied`, `aborted`. */
export async function openDraftFolder(options: OpenDraftFolderOptions): Promise<ChunkFolderStore> {
  const { local, name, bytes, chunkBytes, signal } = options;
  const { folder, found, chunkFiles } = local;
  const hashes = await loadHashes();
  const chunking = fixedChunks(chunkBytes);
  const files = [{ path: name, bytes, executable: false }];
  const layout = layoutOf({ files, chunking });
  const unlock = await enterFolder(folder);
  try {
    const held = new Bitfield(layout.chunkCount);
    for (const [chunk, file] of found.entries()) if (file?.bytes === layout.sizeOfChunk(chunk)) held.set(chunk);
    let at = 0;
    const starts = Float64Array.from(found, (file, chunk) => {
      const start = at;
      at += file?.bytes ?? 0;
      return held.has(chunk) ? start : -1;
    });
    const from = packFiles(found.map((file) => file ?? nothing));
    const digests = (await copyChunks({ from, starts, targets: layout.chunkStarts(), hash: 'blake3', signal })).slice();
    const finish = async (): Promise<void> => {
      if (!held.isFull) throw new ShoalError('unfinished', `${held.length - held.count} chunks are missing`);
      const manifest = { kind: 'file', name, hash: 'blake3', chunking, files, emptyFolders: [] } as const;
      const made = makeDocument(manifest, { digests }, hashes);
      if (!made.ok)
        throw new ShoalError('nameUnsafe', `${showName(name)} cannot be the name of a file: ${made.detail}`);
      await replaceFile(join(folder, summaryName), formatSummary({ document: made.value, chunkFiles }));
    };
    return new ChunkFolderStore({ folder, layout, chunkFiles, digests, hash: hashes.blake3, held, unlock, finish });
  } catch (error) {
    unlock();
    throw diskError(error, 'cannot keep chunks in', folder);
  }
}
