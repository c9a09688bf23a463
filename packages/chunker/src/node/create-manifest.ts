// Makes the manifest of a file or folder on this disk: looks at it, hashes every chunk, and makes sure that nothing
// changed meanwhile, so that a manifest never names bytes that were not there together.

import { ShoalError, UsageError } from '@shoal/machine';
import { chunkingFor, type ChunkingWishes } from '../chosen-chunking.ts';
import { chunkBytesMax, chunkCountMax } from '../chunk-size.ts';
import type { ChunkTable } from '../chunk-table.ts';
import type { Chunking } from '../chunking.ts';
import { type HashName, hashNames } from '../hash.ts';
import { makeDocument, type ManifestDocument } from '../manifest-document.ts';
import { throwIfAborted } from './aborting.ts';
import { hashSet } from './hash-set.ts';
import { loadHashes } from './hashes.ts';
import { scanFiles, type ScannedSet, type SkippedEntry } from './scan-files.ts';

export interface CreateManifestOptions extends ChunkingWishes {
  /** By default BLAKE3. */
  readonly hash?: HashName;
  /** How many threads to hash on; 1 is the calling one. By default as many as the machine has and the content is worth, at most 8. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (hashedBytes: number, totalBytes: number) => void;
}

export interface CreatedManifest {
  /** Manifest, chunk digests, swarmId and the bytes to hand to peers. */
  readonly document: ManifestDocument;
  /** What was left out of a folder, and why. */
  readonly skipped: readonly SkippedEntry[];
}

/**
 * Fails with a ShoalError that names the path: `notFound`, `permissionDenied`, `nameUnsafe`, `contentChanged` when a
 * file changes, shrinks or disappears meanwhile, `manifestInvalid` for more than a manifest holds, `aborted`.
 */
export async function createManifest(path: string, options: CreateManifestOptions = {}): Promise<CreatedManifest> {
  const { signal, threads, onProgress } = options;
  const { scanned, hash, chunking, totalBytes } = await lookAt(path, options);
  const onHashed = (end: number): void => onProgress?.(end, totalBytes);
  const run = await hashSet({ files: scanned.files, chunking, hash, signal, threads, onHashed });
  const document = await documentOf(scanned, hash, chunking, run.table(chunking));
  return { document, skipped: scanned.skipped };
}

/** What is there, and how it is to be cut and hashed. */
export async function lookAt(
  path: string,
  options: Pick<CreateManifestOptions, keyof ChunkingWishes | 'hash' | 'signal'>,
): Promise<{ scanned: ScannedSet; hash: HashName; chunking: Chunking; totalBytes: number }> {
  const { hash = 'blake3', signal } = options;
  if (!hashNames.includes(hash)) throw new UsageError('hash', `is one of ${hashNames.join(', ')}`);
  throwIfAborted(signal);
  const scanned = await scanFiles(path);
  const totalBytes = scanned.files.reduce((sum, file) => sum + file.bytes, 0);
  if (totalBytes > chunkCountMax * chunkBytesMax)
    throw new ShoalError(
      'manifestInvalid',
      `${totalBytes} bytes are more than one manifest can hold: share parts of it`,
    );
  return { scanned, hash, chunking: chunkingFor(options, totalBytes), totalBytes };
}

/** The document of what was looked at, cut and hashed. */
export async function documentOf(
  scanned: ScannedSet,
  hash: HashName,
  chunking: Chunking,
  chunks: ChunkTable,
): Promise<ManifestDocument> {
  const { kind, name, emptyFolders } = scanned;
  const files = scanned.files.map(({ path, bytes, executable }) => ({ path, bytes, executable }));
  const made = makeDocument({ kind, name, hash, chunking, files, emptyFolders }, chunks, await loadHashes());
  if (made.ok) return made.value;
  throw new ShoalError(
    made.reason === 'nameUnsafe' ? 'nameUnsafe' : 'manifestInvalid',
    `cannot share it: ${made.detail}`,
  );
}
