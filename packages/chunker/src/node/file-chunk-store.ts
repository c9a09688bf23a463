// A chunk store that becomes a file or folder: chunks are written where they belong, in any order, inside a hidden
// folder beside the destination, and only complete content ever gets the destination's name. It survives kill -9
// and goes on where it was.

import { mkdirSync } from 'node:fs';
import { access, link, mkdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Bitfield, invariant, ShoalError } from '@shoal/machine';
import type { ChunkStore, HeldChunks, WriteOutcome } from '../chunk-store.ts';
import type { HashSuite } from '../hash.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { isUnsafeOnWindows, showName } from '../safe-path.ts';
import { ContentFiles } from './content-files.ts';
import { diskError, errno } from './disk-errors.ts';
import { syncPath } from './disk-file.ts';
import { loadHashes } from './hashes.ts';
import { HaveMap } from './have-map.ts';
import { exists, PartialFolder } from './partial-folder.ts';

export interface OpenFileStoreOptions {
  readonly document: ManifestDocument;
  /** The final path of the file or folder itself (not the folder to put it in). Nothing may be there yet. */
  readonly destination: string;
  /** False throws away what an earlier try left of the same content. By default it is verified and kept. */
  readonly resume?: boolean;
}

/**
 * Opens the store. Fails with a ShoalError, and nothing changed: `exists` when something is at the destination or an
 * unfinished download of other content beside it, `storeBusy`, `diskFull`, `notFound`, `permissionDenied`, `nameUnsafe`.
 */
export async function openFileStore(options: OpenFileStoreOptions): Promise<FileChunkStore> {
  const { document, resume = true } = options;
  const destination = resolve(options.destination);
  await checkFree(destination);
  await checkNames(document, dirname(destination));
  const hashes = await loadHashes();
  const partial = await PartialFolder.open(destination, document, hashes);
  try {
    if (!resume) await partial.clear();
    return await FileChunkStore.open(document, destination, partial, hashes);
  } catch (error) {
    partial.release();
    throw diskError(error, 'cannot write', partial.path);
  }
}

export class FileChunkStore implements ChunkStore {
  readonly document: ManifestDocument;
  /** The final path. */
  readonly destination: string;
  readonly #partial: PartialFolder;
  readonly #files: ContentFiles;
  readonly #held: Bitfield;
  readonly #have: HaveMap;
  readonly #writing = new Map<number, Promise<void>>();
  #finishing: Promise<void> | undefined;
  #finished = false;

  private constructor(files: ContentFiles, destination: string, partial: PartialFolder, held: Bitfield) {
    this.document = files.document;
    this.destination = destination;
    this.#files = files;
    this.#partial = partial;
    this.#held = held;
    this.#have = HaveMap.start(partial.havePath, held);
  }

  /** For `openFileStore`: takes over a partial folder, verifying what it claims to have. */
  static async open(
    document: ManifestDocument,
    destination: string,
    partial: PartialFolder,
    hashes: HashSuite,
  ): Promise<FileChunkStore> {
    const files = new ContentFiles({ document, hashes, root: partial.contentPath });
    const held = new Bitfield(document.layout.chunkCount);
    try {
      for (const chunk of HaveMap.claims(partial.havePath, held.length).ones())
        if ((await files.readVerified(chunk)) !== undefined) held.set(chunk);
      await checkSpace(document, held, partial.path);
      await files.allowWriting();
      return new FileChunkStore(files, destination, partial, held);
    } catch (error) {
      await files.close();
      if (held.count === 0) await partial.remove();
      throw error;
    }
  }

  get chunkCount(): number {
    return this.#held.length;
  }

  get held(): HeldChunks {
    return this.#held;
  }

  async readChunk(chunk: number): Promise<Uint8Array> {
    this.#checkIndex(chunk);
    if (!this.#held.has(chunk)) throw new ShoalError('notFound', `chunk ${chunk} is not held`);
    const bytes = await this.#files.readVerified(chunk);
    if (bytes !== undefined) return bytes;
    this.#forget(chunk);
    throw new ShoalError(
      'storeDamaged',
      `chunk ${chunk} in ${this.#files.describe(chunk)} was changed by somebody else`,
    );
  }

  async writeChunk(chunk: number, bytes: Uint8Array): Promise<WriteOutcome> {
    this.#checkIndex(chunk);
    if (this.#held.has(chunk)) return 'alreadyHeld';
    if (!this.#files.verifies(chunk, bytes)) return 'damaged';
    const underWay = this.#writing.get(chunk);
    if (underWay !== undefined) {
      await underWay;
      return 'alreadyHeld';
    }
    if (this.#finished)
      throw new ShoalError('storeDamaged', `${showName(this.destination)} was changed by somebody else`);
    const writing = this.#store(chunk, bytes);
    this.#writing.set(chunk, writing);
    try {
      await writing;
      return 'stored';
    } finally {
      this.#writing.delete(chunk);
    }
  }

  async finish(): Promise<void> {
    const missing = this.chunkCount - this.#held.count;
    if (missing > 0) throw new ShoalError('unfinished', `${missing} of ${this.chunkCount} chunks are missing`);
    await (this.#finishing ??= this.#finish());
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#writing.values(), this.#finishing]);
    await this.#files.close();
    if (this.#finished) return;
    this.#have.close();
    this.#partial.release();
  }

  async #finish(): Promise<void> {
    try {
      await this.#makeEmpties();
      await this.#sync();
      await checkFree(this.destination);
      await this.#files.moveTo(this.destination, () => this.#giveFinalName());
    } catch (error) {
      this.#finishing = undefined; // it may be tried again
      throw diskError(error, 'cannot finish', this.destination);
    }
    this.#finished = true;
    this.#have.close();
    await this.#partial.remove();
    if (process.platform !== 'win32') await syncPath(dirname(this.destination));
  }

  async #store(chunk: number, bytes: Uint8Array): Promise<void> {
    await this.#files.write(chunk, bytes);
    try {
      this.#have.set(chunk); // held from here on: data first, then the record of it
    } catch (error) {
      this.#held.clear(chunk);
      throw diskError(error, 'cannot write', this.#partial.havePath);
    }
  }

  #forget(chunk: number): void {
    if (this.#finished) this.#held.clear(chunk);
    else this.#have.clear(chunk);
  }

  /** Empty files and folders belong to no chunk. */
  async #makeEmpties(): Promise<void> {
    const { kind, files, emptyFolders } = this.document.manifest;
    const root = this.#partial.contentPath;
    if (kind === 'folder') await mkdir(root, { recursive: true });
    for (const [index, { bytes }] of files.entries()) if (bytes === 0) this.#files.writeWhole(index, new Uint8Array(0));
    for (const path of emptyFolders) mkdirSync(join(root, path), { recursive: true });
  }

  /** Content is on the disk itself before it gets its name; small files are left to the system, which needs seconds. */
  async #sync(): Promise<void> {
    const { files } = this.document.manifest;
    for (const [index, { bytes }] of files.entries())
      if (bytes >= syncBytesMin) await syncPath(this.#files.diskPath(index));
  }

  async #giveFinalName(): Promise<void> {
    const { contentPath } = this.#partial;
    if (this.document.manifest.kind === 'folder') await rename(contentPath, this.destination);
    else await renameFileNew(contentPath, this.destination);
  }

  #checkIndex(chunk: number): void {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
  }
}

/** Syncing each of ten thousand small files would take longer than to fetch them. */
const syncBytesMin = 1_048_576;

/** Renames a file without ever replacing another: by a second name, which fails where one is taken. */
async function renameFileNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await rm(from);
  } catch (error) {
    const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errno(error) ?? '');
    if (!noLinks) throw error;
    await rename(from, to); // exFAT and the like: whether the name is free was asked just before
  }
}

async function checkFree(destination: string): Promise<void> {
  let found;
  try {
    found = await exists(destination);
  } catch (error) {
    throw diskError(error, 'cannot download to', destination);
  }
  if (found === undefined) return;
  throw new ShoalError(
    'exists',
    `${showName(destination)} exists already: choose another destination, or move it away`,
  );
}

/** What only this disk can say against names that are safe in general. */
async function checkNames({ manifest }: ManifestDocument, parent: string): Promise<void> {
  const paths = [...manifest.files.map(({ path }) => path), ...manifest.emptyFolders];
  const unsafe = process.platform === 'win32' ? paths.find(isUnsafeOnWindows) : undefined;
  if (unsafe !== undefined) throw new ShoalError('nameUnsafe', `Windows cannot hold the name ${showName(unsafe)}`);
  const seen = new Map<string, string>();
  for (const path of paths) {
    const folded = path.toLowerCase().normalize('NFC');
    const twin = seen.get(folded);
    seen.set(folded, path);
    if (twin !== undefined && (await ignoresCase(parent)))
      throw new ShoalError('nameUnsafe', `${showName(twin)} and ${showName(path)} are one name on this file system`);
  }
}

async function ignoresCase(folder: string): Promise<boolean> {
  const other = folder === folder.toUpperCase() ? folder.toLowerCase() : folder.toUpperCase();
  if (other === folder) return false;
  try {
    await access(other);
    return true;
  } catch {
    return false; // whatever the reason, it is not the same folder to us
  }
}

async function checkSpace({ layout }: ManifestDocument, held: Bitfield, path: string): Promise<void> {
  let heldBytes = 0;
  for (const chunk of held.ones()) heldBytes += layout.sizeOfChunk(chunk);
  const { bavail, bsize } = await statfs(path);
  const [needed, free] = [layout.totalBytes - heldBytes, bavail * bsize];
  if (needed > free)
    throw new ShoalError(
      'diskFull',
      `${needed} bytes are still to come, but the disk has room for ${free}: free some space`,
    );
}
