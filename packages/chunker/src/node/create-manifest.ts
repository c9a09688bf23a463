// Makes the manifest of a file or folder on this disk: looks at it, hashes every chunk, and makes sure that nothing
// changed meanwhile, so that a manifest never names bytes that were not there together.

import { stat } from 'node:fs/promises';
import { ShoalError, UsageError } from '@shoal/machine';
import { chunkBytesFor, chunkBytesMax, chunkCountMax } from '../chunk-size.ts';
import { fixedChunks } from '../chunking.ts';
import { digestBytes, type HashName, hashNames } from '../hash.ts';
import type { Manifest } from '../manifest.ts';
import { makeDocument, type ManifestDocument } from '../manifest-document.ts';
import { throwIfAborted } from './aborting.ts';
import { changedWhileRead, type HashJob } from './chunk-hasher.ts';
import { diskError, errno } from './disk-errors.ts';
import { runHashJob } from './hash-pool.ts';
import { loadHashes } from './hashes.ts';
import { type ScannedFile, scanFiles, type SkippedEntry } from './scan-files.ts';

export interface CreateManifestOptions {
  /** Wanted chunk size in bytes; by default `chunkBytesFor` decides. Content of at least 5 bytes has at least 5 chunks. */
  readonly chunkBytes?: number;
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
  const { hash = 'blake3', signal, threads, onProgress } = options;
  if (!hashNames.includes(hash)) throw new UsageError('hash', `is one of ${hashNames.join(', ')}`);
  throwIfAborted(signal);
  const [scanned, hashes] = await Promise.all([scanFiles(path), loadHashes()]);
  const totalBytes = scanned.files.reduce((sum, file) => sum + file.bytes, 0);
  if (totalBytes > chunkCountMax * chunkBytesMax)
    throw new ShoalError(
      'manifestInvalid',
      `${totalBytes} bytes are more than one manifest can hold: share parts of it`,
    );
  const chunkBytes = chunkBytesFor(totalBytes, options.chunkBytes);
  const table = new Uint8Array(new SharedArrayBuffer(Math.ceil(totalBytes / chunkBytes) * digestBytes));
  const job: HashJob = {
    files: scanned.files,
    chunkBytes,
    hash,
    table,
    nextBatch: new Int32Array(new SharedArrayBuffer(4)),
  };
  let hashedBytes = 0;
  const onHashed = (bytes: number): void => onProgress?.((hashedBytes += bytes), totalBytes);
  await runHashJob(job, { hashes, signal, threads, onHashed });
  await checkUnchanged(scanned.files);
  const { kind, name, emptyFolders } = scanned;
  const files = scanned.files.map(({ path, bytes, executable }) => ({ path, bytes, executable }));
  const manifest: Manifest = { kind, name, hash, chunking: fixedChunks(chunkBytes), files, emptyFolders };
  const made = makeDocument(manifest, { digests: table.slice() }, hashes);
  if (made.ok) return { document: made.value, skipped: scanned.skipped };
  throw new ShoalError(
    made.reason === 'nameUnsafe' ? 'nameUnsafe' : 'manifestInvalid',
    `cannot share it: ${made.detail}`,
  );
}

const statsAtOnce = 256;

async function checkUnchanged(files: readonly ScannedFile[]): Promise<void> {
  for (let start = 0; start < files.length; start += statsAtOnce)
    await Promise.all(files.slice(start, start + statsAtOnce).map(checkFile));
}

async function checkFile({ diskPath, bytes, mtimeMs }: ScannedFile): Promise<void> {
  try {
    const stats = await stat(diskPath);
    if (stats.size !== bytes || stats.mtimeMs !== mtimeMs) throw changedWhileRead(diskPath);
  } catch (error) {
    throw errno(error) === 'ENOENT' ? changedWhileRead(diskPath) : diskError(error, 'cannot read', diskPath);
  }
}
