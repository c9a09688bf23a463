// A chunk store over a file or folder that is there already, to be served as it lies. Every chunk is verified when it is
// read, so content that changed since its manifest was made is noticed and never sent (law 5).

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Bitfield, invariant, ShoalError } from '@shoal/machine';
import type { ChunkStore, HeldChunks, WriteOutcome } from '../chunk-store.ts';
import type { Layout } from '../layout.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { ContentFiles } from './content-files.ts';
import { diskError } from './disk-errors.ts';
import { loadHashes } from './hashes.ts';

/**
 * Opens the content of `document` at `path` to be served. Every file must be there in its size; nothing is read yet.
 * Fails with a ShoalError: `notFound`, `permissionDenied`, `contentChanged` naming the file.
 */
export async function openSeedStore(path: string, document: ManifestDocument): Promise<SeedStore> {
  const root = resolve(path);
  const files = new ContentFiles({ document, hashes: await loadHashes(), root });
  await check(root, undefined);
  const { manifest } = document;
  for (let start = 0; start < manifest.files.length; start += statsAtOnce)
    await Promise.all(
      manifest.files
        .slice(start, start + statsAtOnce)
        .map(({ bytes }, offset) => check(files.diskPath(start + offset), bytes)),
    );
  return new SeedStore(files);
}

export class SeedStore implements ChunkStore {
  readonly document: ManifestDocument;
  readonly #files: ContentFiles;
  readonly #held: Bitfield;

  /** Use `openSeedStore`. */
  constructor(files: ContentFiles) {
    this.document = files.document;
    this.#files = files;
    this.#held = Bitfield.full(files.document.layout.chunkCount);
  }

  get chunkCount(): number {
    return this.#held.length;
  }

  get layout(): Layout {
    return this.document.layout;
  }

  get held(): HeldChunks {
    return this.#held;
  }

  async readChunk(chunk: number, into?: Uint8Array): Promise<Uint8Array> {
    this.#checkIndex(chunk);
    if (!this.#held.has(chunk)) throw new ShoalError('notFound', `chunk ${chunk} is not held`);
    const bytes = await this.#files.readVerified(chunk, into);
    if (bytes !== undefined) return bytes;
    this.#held.clear(chunk);
    throw new ShoalError(
      'contentChanged',
      `${this.#files.describe(chunk)} changed since it was shared: share it again`,
    );
  }

  /** Nothing is ever written to what a user shares. */
  async writeChunk(chunk: number, _bytes: Uint8Array): Promise<WriteOutcome> {
    this.#checkIndex(chunk);
    if (this.#held.has(chunk)) return 'alreadyHeld';
    throw new ShoalError('refused', 'nothing is written to content that is shared as it lies');
  }

  async finish(): Promise<void> {
    if (!this.#held.isFull) throw new ShoalError('unfinished', 'shared content changed: share it again');
  }

  async close(): Promise<void> {
    await this.#files.close();
  }

  #checkIndex(chunk: number): void {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
  }
}

const statsAtOnce = 256;

/** A path must be there and, when `bytes` are given, be a file of that size. */
async function check(path: string, bytes: number | undefined): Promise<void> {
  try {
    const stats = await stat(path);
    if (bytes === undefined || (stats.isFile() && stats.size === bytes)) return;
    throw new ShoalError('contentChanged', `${showName(path)} changed since it was shared: share it again`);
  } catch (error) {
    throw diskError(error, 'cannot share', path);
  }
}
