// A chunk store that keeps each chunk as a file of its own, as the classic assignments want it: in a folder with a summary
// of all chunks and the `local_chunks.txt` of those that are there. A chunk counts as held when it stands in that list;
// whoever opens the folder again reads and verifies what is there. At the end the content is joined from the files.

import { close } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Bitfield, bytesEqual, invariant, ShoalError } from '@shoal/machine';
import type { ChunkStore, FinishOptions, HeldChunks, WriteOutcome } from '../chunk-store.ts';
import { type ChunkSummary, formatSummary, summaryName } from '../chunk-summary.ts';
import { digestAt } from '../chunk-table.ts';
import { checkComplete, type FileChoice } from '../file-choice.ts';
import type { Hash } from '../hash.ts';
import type { Layout } from '../layout.ts';
import { formatLocalChunks, localChunksName } from '../local-chunks.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { ChunkWrites } from './chunk-writes.ts';
import { type ChunkFolder, lookAtChunks, readSummary } from './chunk-folder.ts';
import { createManifest } from './create-manifest.ts';
import { diskError, errno } from './disk-errors.ts';
import { openToRead, readFully } from './disk-file.ts';
import { loadHashes } from './hashes.ts';
import { heldOf, joinChunks } from './join.ts';
import { exists } from './partial-folder.ts';
import { takeLock } from './partial-lock.ts';

const closeFile = promisify(close);

const lockName = '.lock';

export interface OpenChunkFolderOptions {
  readonly document: ManifestDocument;
  /** Made unless it is there; one that is there must be empty, or hold chunks of the same content. */
  readonly folder: string;
  /** Where the content is joined to at the end. By default under its own name, in the folder. */
  readonly destination?: string;
  /** Stops the verification of what is there; it fails with `aborted`. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the store. Fails with a ShoalError: `exists` when the folder holds anything else, `storeBusy`, `manifestInvalid`
 * when its summary is damaged, `diskFull`, `permissionDenied`.
 */
export async function openChunkFolder(options: OpenChunkFolderOptions): Promise<ChunkFolderStore> {
  const { document, signal } = options;
  const hashes = await loadHashes();
  const folder = resolve(options.folder);
  const { layout, manifest, digests } = document;
  const unlock = await enterFolder(folder);
  try {
    const summary = readSummary(folder, hashes) ?? (await startSummary(folder, document));
    if (summary.document.swarmId !== document.swarmId)
      throw new ShoalError('exists', `${showName(folder)} holds chunks of ${showName(summary.document.manifest.name)}`);
    const isHeld = await heldOf(lookAtChunks(folder, summary), signal);
    const held = new Bitfield(layout.chunkCount);
    for (let chunk = 0; chunk < layout.chunkCount; chunk += 1) if (isHeld(chunk)) held.set(chunk);
    const destination = resolve(options.destination ?? join(folder, manifest.name));
    const finish = (only: FileChoice | undefined): Promise<void> => {
      checkComplete(document, held, only);
      return joinTo(destination, lookAtChunks(folder, summary), only);
    };
    const { chunkFiles } = summary;
    const hash = hashes[manifest.hash];
    return new ChunkFolderStore({ folder, layout, chunkFiles, digests, hash, held, unlock, finish });
  } catch (error) {
    unlock();
    throw diskError(error, 'cannot keep chunks in', folder);
  }
}

/** Makes the folder and keeps others out of it until the answer is called. */
export async function enterFolder(folder: string): Promise<() => void> {
  try {
    await mkdir(folder, { recursive: true });
    return takeLock(join(folder, lockName));
  } catch (error) {
    throw diskError(error, 'cannot keep chunks in', folder);
  }
}

/** Nothing of somebody else's is written over: a folder without a summary must be empty, but for what is hidden. */
async function startSummary(folder: string, document: ManifestDocument): Promise<ChunkSummary> {
  const other = (await readdir(folder)).find((name) => !name.startsWith('.'));
  if (other !== undefined)
    throw new ShoalError('exists', `${showName(folder)} holds ${showName(other)}: choose an empty folder`);
  const chunkFiles = Array.from({ length: document.layout.chunkCount }, (_, chunk) => `chunk-${chunk + 1}`);
  const summary = { document, chunkFiles };
  await replaceFile(join(folder, summaryName), formatSummary(summary));
  return summary;
}

/** Joins, unless that very content stands there already from an earlier run. */
async function joinTo(destination: string, parts: ChunkFolder, only: FileChoice | undefined): Promise<void> {
  const { manifest, digests } = parts.document;
  const { kind } = manifest.chunking;
  if (only === undefined && kind === 'fixed' && (await exists(destination)) !== undefined) {
    const { chunkBytes } = manifest.chunking;
    const { document } = await createManifest(destination, { hash: manifest.hash, chunkBytes });
    if (bytesEqual(document.digests, digests)) return;
  }
  await joinChunks(parts, { destination, only });
}

export interface ChunkFolderParts {
  /** An absolute path. */
  readonly folder: string;
  readonly layout: Layout;
  /** The names of the chunks' files. */
  readonly chunkFiles: readonly string[];
  /** 32 bytes for each chunk: what it hashes to. */
  readonly digests: Uint8Array;
  readonly hash: Hash;
  /** What is there and verified; taken over. */
  readonly held: Bitfield;
  readonly unlock: () => void;
  /** Makes of the chunks what is to be made of them; fails with `unfinished` while any is missing. */
  readonly finish: (only: FileChoice | undefined) => Promise<void>;
}

export class ChunkFolderStore implements ChunkStore {
  readonly folder: string;
  readonly layout: Layout;
  readonly #parts: ChunkFolderParts;
  readonly #held: Bitfield;
  readonly #writes = new ChunkWrites();
  #listed: Promise<void> = Promise.resolve();
  #nextList: Promise<void> | undefined;
  #finishing: Promise<void> | undefined;

  /** Use `openChunkFolder`. */
  constructor(parts: ChunkFolderParts) {
    this.folder = parts.folder;
    this.layout = parts.layout;
    this.#parts = parts;
    this.#held = parts.held;
  }

  get chunkCount(): number {
    return this.#held.length;
  }

  get held(): HeldChunks {
    return this.#held;
  }

  async readChunk(chunk: number, into?: Uint8Array): Promise<Uint8Array> {
    this.#checkIndex(chunk);
    if (!this.#held.has(chunk)) throw new ShoalError('notFound', `chunk ${chunk} is not held`);
    const bytes = into ?? new Uint8Array(this.layout.sizeOfChunk(chunk));
    if ((await this.#read(chunk, bytes)) && this.#verifies(chunk, bytes)) return bytes;
    this.#held.clear(chunk);
    throw new ShoalError('storeDamaged', `${showName(this.#path(chunk))} was changed by somebody else`);
  }

  async writeChunk(chunk: number, bytes: Uint8Array): Promise<WriteOutcome> {
    this.#checkIndex(chunk);
    if (this.#held.has(chunk)) return 'alreadyHeld';
    if (!this.#verifies(chunk, bytes)) return 'damaged';
    return this.#writes.once(chunk, () => this.#store(chunk, bytes));
  }

  /** What the chunks hash to, 32 bytes for each; right for those held. */
  get digests(): Uint8Array {
    return this.#parts.digests;
  }

  /** The chunk hashes to this. True when it is held so; one that is not is to be written anew. */
  expect(chunk: number, digest: Uint8Array): boolean {
    this.#checkIndex(chunk);
    const known = digestAt(this.#parts.digests, chunk);
    if (this.#held.has(chunk) && bytesEqual(known, digest)) return true;
    this.#held.clear(chunk);
    known.set(digest);
    return false;
  }

  async finish({ only }: FinishOptions = {}): Promise<void> {
    try {
      await (this.#finishing ??= this.#parts.finish(only));
    } catch (error) {
      this.#finishing = undefined; // it may be tried again
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#writes.settled(), this.#finishing]);
    this.#parts.unlock();
  }

  async #store(chunk: number, bytes: Uint8Array): Promise<void> {
    try {
      await replaceFile(this.#path(chunk), bytes);
      this.#held.set(chunk); // data first, then the record of it
      await this.#list();
    } catch (error) {
      this.#held.clear(chunk);
      throw diskError(error, 'cannot write', this.#path(chunk));
    }
  }

  /** Writes down which chunks are there. Those that come while the disk is at it are written down together. */
  #list(): Promise<void> {
    this.#nextList ??= this.#listAfter(this.#listed);
    return this.#nextList;
  }

  async #listAfter(before: Promise<void>): Promise<void> {
    await Promise.allSettled([before]);
    this.#listed = this.#nextList!;
    this.#nextList = undefined;
    const { chunkFiles, folder } = this.#parts;
    const files = new Map(Array.from(this.#held.ones(), (chunk) => [chunk, chunkFiles[chunk]!]));
    await replaceFile(join(folder, localChunksName), formatLocalChunks({ count: this.chunkCount, files }));
  }

  /** False when the file has not the chunk's size. */
  async #read(chunk: number, into: Uint8Array): Promise<boolean> {
    try {
      const fd = await openToRead(this.#path(chunk), into.length);
      if (fd === undefined) return false;
      try {
        return await readFully(fd, into, 0);
      } finally {
        await closeFile(fd);
      }
    } catch (error) {
      if (errno(error) === 'ENOENT') return false;
      throw diskError(error, 'cannot read', this.#path(chunk));
    }
  }

  #verifies(chunk: number, bytes: Uint8Array): boolean {
    const { hash, digests } = this.#parts;
    return bytes.length === this.layout.sizeOfChunk(chunk) && bytesEqual(hash.digest(bytes), digestAt(digests, chunk));
  }

  #path(chunk: number): string {
    return join(this.folder, this.#parts.chunkFiles[chunk]!);
  }

  #checkIndex(chunk: number): void {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
  }
}

/** A file is there as it was or as it shall be, whenever the power goes. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.partial`;
  await writeFile(draft, content);
  await rename(draft, path);
}
