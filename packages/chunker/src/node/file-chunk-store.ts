// A chunk store that becomes a file or folder: chunks are written where they belong, in any order, inside a hidden
// folder beside the destination, and only complete content ever gets the destination's name. It survives kill -9
// and goes on where it was.

import { mkdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Bitfield, bytesEqual, invariant, ShoalError } from '@shoal/machine';
import type { ChunkStore, FinishOptions, HeldChunks, WriteOutcome } from '../chunk-store.ts';
import { digestAt } from '../chunk-table.ts';
import { checkComplete, chunksOfFiles, type FileChoice } from '../file-choice.ts';
import type { Layout } from '../layout.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { leaveNote } from './closing-note.ts';
import { ChunkWrites } from './chunk-writes.ts';
import { ContentFiles } from './content-files.ts';
import { copyChunks } from './copy-chunks.ts';
import { checkFree, checkNames, checkSpace, removeAllBut, renameFileNew, syncFolder } from './destination.ts';
import { diskError } from './disk-errors.ts';
import { syncPath } from './disk-file.ts';
import { packFiles } from './disk-files.ts';
import { loadHashes } from './hashes.ts';
import { HaveMap } from './have-map.ts';
import { exists, PartialFolder } from './partial-folder.ts';
import { type ChunkSource, plan } from './plan.ts';
import { verifyClaims } from './verify-claims.ts';

export interface OpenFileStoreOptions {
  readonly document: ManifestDocument;
  /** The final path of the file or folder itself (not the folder to put it in). Nothing may be there yet, but for `update`. */
  readonly destination: string;
  /**
   * True takes what is at the destination for an older version: its chunks are copied from there as far as they are still
   * the same, and when all is complete the new version takes its place. Until then the older one is not touched.
   */
  readonly update?: boolean;
  /** False throws away what an earlier try left of the same content. By default it is kept, as far as it is right. */
  readonly resume?: boolean;
  /**
   * What an earlier try left is read and verified: all of it (`full`), or files that are not just as they were when it was
   * closed (`changed`, the default); after a kill, or a new start of the system, that is all of it.
   */
  readonly check?: 'changed' | 'full' | undefined;
  /** The files that are meant to come, as far as that is known: the disk must have room for these. All unless given. */
  readonly only?: FileChoice | undefined;
  /** Stops the verification of what was left; it fails with `aborted`. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the store. Fails with a ShoalError, and nothing changed: `exists` when something is at the destination or an
 * unfinished download of other content beside it, `storeBusy`, `diskFull`, `notFound`, `permissionDenied`, `nameUnsafe`.
 */
export async function openFileStore(options: OpenFileStoreOptions): Promise<FileChunkStore> {
  const { document, update = false, resume = true, check = 'changed', only, signal } = options;
  const destination = resolve(options.destination);
  if (!update) await checkFree(destination);
  await checkNames(document, dirname(destination));
  const hashes = await loadHashes();
  const partial = await PartialFolder.open(destination, document, hashes);
  const files = new ContentFiles({ document, hashes, root: partial.contentPath });
  let store: FileChunkStore | undefined;
  try {
    if (!update) await checkFree(destination); // an older version that was set aside may be back
    if (!resume) await partial.clear();
    const { havePath, notePath } = partial;
    const held = await verifyClaims({ document, paths: files.diskPaths(), havePath, notePath, check, signal });
    await checkSpace(missingBytes(document, held, only), partial.path);
    await files.allowWriting();
    store = new FileChunkStore({ files, destination, partial, held, update });
    if (update && !held.isFull && (await exists(destination)) !== undefined)
      await store.copyFrom(await plan(destination, document, { signal }), { signal });
    return store;
  } catch (error) {
    if (store === undefined) {
      await files.close();
      await partial.leave();
    } else await store.close();
    throw diskError(error, 'cannot write', partial.path);
  }
}

function missingBytes(document: ManifestDocument, held: Bitfield, only: FileChoice | undefined): number {
  const { layout } = document;
  let bytes = 0;
  for (const chunk of (only === undefined ? Bitfield.full(held.length) : chunksOfFiles(document, only)).ones())
    if (!held.has(chunk)) bytes += layout.sizeOfChunk(chunk);
  return bytes;
}

interface FileChunkStoreParts {
  readonly files: ContentFiles;
  readonly destination: string;
  readonly partial: PartialFolder;
  readonly held: Bitfield;
  readonly update: boolean;
}

export class FileChunkStore implements ChunkStore {
  readonly document: ManifestDocument;
  /** The final path. */
  readonly destination: string;
  readonly #partial: PartialFolder;
  readonly #files: ContentFiles;
  readonly #held: Bitfield;
  readonly #update: boolean;
  readonly #have: HaveMap;
  readonly #writes = new ChunkWrites();
  #finishing: Promise<void> | undefined;
  #finished = false;

  /** Use `openFileStore`. */
  constructor({ files, destination, partial, held, update }: FileChunkStoreParts) {
    this.document = files.document;
    this.destination = destination;
    this.#files = files;
    this.#partial = partial;
    this.#held = held;
    this.#update = update;
    this.#have = HaveMap.start(partial.havePath, held);
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
    if (this.#finished)
      throw new ShoalError('storeDamaged', `${showName(this.destination)} was changed by somebody else`);
    return this.#writes.once(chunk, () => this.#store(chunk, bytes));
  }

  /**
   * Takes the chunks that are not held from files of this disk, as far as those hold them: each is verified like any other
   * chunk, on several threads. Nothing is written meanwhile.
   */
  async copyFrom(
    { files, starts }: ChunkSource,
    { signal, onCopied }: { readonly signal?: AbortSignal | undefined; readonly onCopied?: (end: number) => void } = {},
  ): Promise<void> {
    const { layout, digests, manifest } = this.document;
    const wanted = starts.map((start, chunk) => (this.#held.has(chunk) ? -1 : start));
    await copyChunks({
      from: packFiles(files),
      starts: wanted,
      to: this.#files.targets(),
      targets: layout.chunkStarts(),
      expected: digests,
      hash: manifest.hash,
      signal,
      onCopied: ({ first, end }, found) => {
        for (let chunk = first; chunk < end; chunk += 1)
          if (wanted[chunk]! >= 0 && bytesEqual(digestAt(found, chunk), digestAt(digests, chunk)))
            this.#held.set(chunk);
        this.#save(first, end); // data first, then the record of it
        onCopied?.(end);
      },
    });
  }

  async finish({ only }: FinishOptions = {}): Promise<void> {
    if (this.#finished) return;
    checkComplete(this.document, this.#held, only);
    await (this.#finishing ??= this.#finish(chosenOf(this.document, only)));
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#writes.settled(), this.#finishing]);
    await this.#files.close();
    if (this.#finished) return;
    this.#have.close();
    leaveNote(this.#partial.notePath, [this.#partial.havePath, ...this.#files.diskPaths()]);
    await this.#partial.leave();
  }

  /** Closes, and leaves nothing behind of what is not finished. */
  async discard(): Promise<void> {
    if (!this.#finished) await this.#partial.clear();
    await this.close();
  }

  async #finish(chosen: ReadonlySet<string>): Promise<void> {
    try {
      await this.#makeEmpties(chosen);
      await this.#sync(chosen);
      if (this.#update) await this.#partial.setAside();
      await checkFree(this.destination);
      await this.#files.moveTo(this.destination, async () => {
        await this.#dropOthers(chosen);
        await this.#giveFinalName();
      });
      this.#finished = true;
      this.#have.close();
      await this.#partial.remove();
      await syncFolder(dirname(this.destination));
    } catch (error) {
      this.#finishing = undefined; // it may be tried again
      if (!this.#finished) await this.#partial.putBack();
      throw diskError(error, 'cannot finish', this.destination);
    }
  }

  async #store(chunk: number, bytes: Uint8Array): Promise<void> {
    await this.#files.write(chunk, bytes);
    this.#held.set(chunk); // data first, then the record of it
    try {
      this.#save(chunk);
    } catch (error) {
      this.#held.clear(chunk);
      throw error;
    }
  }

  #forget(chunk: number): void {
    this.#held.clear(chunk);
    this.#save(chunk);
  }

  #save(first: number, end = first + 1): void {
    try {
      this.#have.save(first, end);
    } catch (error) {
      throw diskError(error, 'cannot write', this.#partial.havePath);
    }
  }

  /** Empty files and folders belong to no chunk. */
  async #makeEmpties(chosen: ReadonlySet<string>): Promise<void> {
    const { kind, files, emptyFolders } = this.document.manifest;
    const root = this.#partial.contentPath;
    if (kind === 'folder') await mkdir(root, { recursive: true });
    for (const [index, { path, bytes }] of files.entries())
      if (bytes === 0 && chosen.has(path)) this.#files.writeWhole(index, new Uint8Array(0));
    for (const path of emptyFolders) if (chosen.has(path)) mkdirSync(join(root, path), { recursive: true });
  }

  /**
   * Takes away what chunks at the borders of chosen files, or an earlier choice, brought of others. Those chunks can no
   * longer be read whole.
   */
  async #dropOthers(chosen: ReadonlySet<string>): Promise<void> {
    const { kind, files, emptyFolders } = this.document.manifest;
    if (kind === 'file' || chosen.size === files.length + emptyFolders.length) return;
    for (const chunk of chunksOfFiles(this.document, (path) => !chosen.has(path)).ones()) this.#held.clear(chunk);
    await removeAllBut(this.#partial.contentPath, chosen);
  }

  /** Content is on the disk itself before it gets its name; small files are left to the system, which needs seconds. */
  async #sync(chosen: ReadonlySet<string>): Promise<void> {
    const { files } = this.document.manifest;
    for (const [index, { path, bytes }] of files.entries())
      if (bytes >= syncBytesMin && chosen.has(path)) await syncPath(this.#files.diskPath(index));
  }

  async #giveFinalName(): Promise<void> {
    const { contentPath } = this.#partial;
    if (this.document.manifest.kind === 'file') await renameFileNew(contentPath, this.destination);
    else await rename(contentPath, this.destination); // fails where a folder with anything in it, or a file, has the name
  }

  #checkIndex(chunk: number): void {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
  }
}

/** The paths of the files and empty folders chosen. */
function chosenOf({ manifest }: ManifestDocument, only: FileChoice = () => true): ReadonlySet<string> {
  return new Set([...manifest.files.map(({ path }) => path), ...manifest.emptyFolders].filter((path) => only(path)));
}

/** Syncing each of ten thousand small files would take longer than to fetch them. */
const syncBytesMin = 1_048_576;
