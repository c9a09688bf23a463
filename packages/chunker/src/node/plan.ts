// Which chunks of a new version are on this disk already, in an older version of it, wherever they moved to.
// Content-defined chunks are found by cutting the older version with the sizes of the new one: equal bytes are cut alike.
// Chunks of one size are looked for where they would be if their file had not changed: in the file of the same path, or
// else of the same size or name, at the same offset; so files may come, go, move and grow, but an insertion inside a file
// hides what follows it.

import { basename } from 'node:path';
import { toHex } from '@shoal/machine';
import { digestAt } from '../chunk-table.ts';
import { Layout } from '../layout.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { copyChunks } from './copy-chunks.ts';
import { type DiskFile, nothing, packFiles } from './disk-files.ts';
import { hashSet } from './hash-set.ts';
import { scanFiles, type ScannedFile } from './scan-files.ts';

/** Files of this disk that hold chunks. */
export interface ChunkSource {
  readonly files: readonly DiskFile[];
  /** Where each chunk begins in the byte space of `files`; below 0 for those that are not there. */
  readonly starts: Float64Array;
}

export interface Plan extends ChunkSource {
  /** In the order of the new version; chunks whose bytes follow one another in both versions are one range. */
  readonly ranges: readonly HeldRange[];
  readonly hereBytes: number;
  readonly missingBytes: number;
}

/** Bytes of the new version, and where they are. */
export interface HeldRange {
  /** In the byte space of the new version. */
  readonly start: number;
  readonly bytes: number;
  readonly from: readonly { readonly diskPath: string; readonly offset: number; readonly bytes: number }[];
}

export interface PlanOptions {
  readonly signal?: AbortSignal | undefined;
  readonly threads?: number | undefined;
}

/**
 * Looks at the file or folder at `path` for chunks of the new version: all of it is read and hashed, nothing is changed.
 * Fails with a ShoalError that names the path: as `createManifest` does.
 */
export async function plan(path: string, document: ManifestDocument, options: PlanOptions = {}): Promise<Plan> {
  const { files } = await scanFiles(path);
  const { chunking } = document.manifest;
  const found = await (chunking.kind === 'fixed' ? samePlaces : sameCuts)(files, document, options);
  const { layout, digests } = document;
  const starts = Float64Array.from(
    { length: layout.chunkCount },
    (_, chunk) => found.places.get(toHex(digestAt(digests, chunk))) ?? -1,
  );
  const ranges = rangesOf(document, { files: found.files, starts });
  const hereBytes = ranges.reduce((sum, { bytes }) => sum + bytes, 0);
  return { files: found.files, starts, ranges, hereBytes, missingBytes: layout.totalBytes - hereBytes };
}

/** Where chunks begin in the byte space of some files, by their digests in hexadecimal. */
interface FoundChunks {
  readonly files: readonly DiskFile[];
  readonly places: ReadonlyMap<string, number>;
}

async function sameCuts(
  files: readonly ScannedFile[],
  { manifest: { chunking, hash } }: ManifestDocument,
  options: PlanOptions,
): Promise<FoundChunks> {
  const run = await hashSet({ files, chunking, hash, ...options });
  const { digests, sizes } = run.table(chunking);
  const places = new Map<string, number>();
  let start = 0;
  for (const [chunk, size] of sizes!.entries()) {
    places.set(toHex(digestAt(digests, chunk)), start);
    start += size;
  }
  return { files, places };
}

async function samePlaces(
  olderFiles: readonly ScannedFile[],
  { manifest, layout }: ManifestDocument,
  options: PlanOptions,
): Promise<FoundChunks> {
  const files = counterparts(manifest.files, olderFiles);
  const older = new Layout(
    files.map(({ bytes }) => bytes),
    Number.MAX_SAFE_INTEGER,
  );
  const starts = Float64Array.from({ length: layout.chunkCount }, (_, chunk) => {
    const { file, fileOffset } = layout.piecesOfChunk(chunk)[0]!;
    const start = older.endOfFile(file) - older.sizeOfFile(file) + fileOffset;
    const isThere = fileOffset < older.sizeOfFile(file) && start + layout.sizeOfChunk(chunk) <= older.totalBytes;
    return isThere ? start : -1;
  });
  const targets = layout.chunkStarts();
  const digests = await copyChunks({ from: packFiles(files), starts, targets, hash: manifest.hash, ...options });
  const places = new Map<string, number>();
  for (const [chunk, start] of starts.entries()) if (start >= 0) places.set(toHex(digestAt(digests, chunk)), start);
  return { files, places };
}

/** For each new file the older one that it most likely comes from; no older file twice. */
function counterparts(
  files: readonly { readonly path: string; readonly bytes: number }[],
  older: readonly ScannedFile[],
): DiskFile[] {
  const chosen: (ScannedFile | undefined)[] = files.map(() => undefined);
  const free = new Set(older);
  const keys: ((file: { readonly path: string; readonly bytes: number }) => string)[] = [
    ({ path }) => path,
    ({ path, bytes }) => `${bytes} ${basename(path)}`,
    ({ bytes }) => String(bytes),
    ({ path }) => basename(path),
    () => '', // a single file under another name
  ];
  for (const keyOf of keys) {
    const byKey = Map.groupBy(free, keyOf);
    for (const [index, file] of files.entries()) {
      const candidate = chosen[index] === undefined ? byKey.get(keyOf(file))?.shift() : undefined;
      if (candidate === undefined) continue;
      chosen[index] = candidate;
      free.delete(candidate);
    }
  }
  return chosen.map((file) => file ?? nothing);
}

function rangesOf({ layout }: ManifestDocument, { files, starts }: ChunkSource): HeldRange[] {
  const older = new Layout(
    files.map(({ bytes }) => bytes),
    Number.MAX_SAFE_INTEGER,
  );
  const runs: { start: number; from: number; bytes: number }[] = [];
  for (const [chunk, from] of starts.entries()) {
    if (from < 0) continue;
    const [start, bytes] = [layout.chunkStart(chunk), layout.sizeOfChunk(chunk)];
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.bytes === start && last.from + last.bytes === from) last.bytes += bytes;
    else runs.push({ start, from, bytes });
  }
  return runs.map(({ start, from, bytes }) => ({
    start,
    bytes,
    from: older
      .piecesOfRange(from, from + bytes)
      .map((piece) => ({ diskPath: files[piece.file]!.diskPath, offset: piece.fileOffset, bytes: piece.bytes })),
  }));
}
