// The chunks of a file-set as they lie in its files: read and verified, or written, piece by piece. Every call is
// counted, so that the files can be moved or closed while nothing is under way.

import { mkdirSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { invariant, ShoalError } from '@shoal/machine';
import type { HashSuite } from '../hash.ts';
import type { Piece } from '../layout.ts';
import { chunkVerifies, type ManifestDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { diskError, errno } from './disk-errors.ts';
import { openToRead, openToWrite, readFully, writeFully } from './disk-file.ts';
import { FilePool } from './file-pool.ts';
import { packTargets, type TargetFiles } from './set-writer.ts';
import { readSmallFile, smallFileBytesMax, writeSmallFile } from './small-file.ts';

export interface ContentFilesOptions {
  readonly document: ManifestDocument;
  readonly hashes: HashSuite;
  /** The file itself, or the folder the paths of the manifest begin in. */
  readonly root: string;
}

export class ContentFiles {
  readonly document: ManifestDocument;
  readonly #hashes: HashSuite;
  readonly #pool: FilePool;
  readonly #underWay = new Set<Promise<unknown>>();
  #moving: Promise<void> | undefined;
  #root: string;
  #writable = false;

  constructor({ document, hashes, root }: ContentFilesOptions) {
    this.document = document;
    this.#hashes = hashes;
    this.#root = root;
    this.#pool = new FilePool((file) => this.#open(file));
  }

  /** Where a file lies on this disk. (Windows takes both separators; `join` would take a path apart each time.) */
  diskPath(file: number): string {
    const { kind, files } = this.document.manifest;
    return kind === 'file' ? this.#root : `${this.#root}${sep}${files[file]!.path}`;
  }

  /** Of all files. */
  diskPaths(): readonly string[] {
    return this.document.manifest.files.map((_, file) => this.diskPath(file));
  }

  /** All of them, for others to write. */
  targets(): TargetFiles {
    const { files } = this.document.manifest;
    return packTargets(
      files.map(({ bytes }, file) => ({ diskPath: this.diskPath(file), bytes, mode: this.#modeOf(file) })),
    );
  }

  /** The files that a chunk has bytes of, for people; at most three. */
  describe(chunk: number): string {
    const pieces = this.document.layout.piecesOfChunk(chunk);
    const names = pieces.slice(0, 3).map(({ file }) => showName(this.diskPath(file)));
    return `${names.join(', ')}${pieces.length > 3 ? ' or others' : ''}`;
  }

  /** The chunk, or undefined when its files are not there, have another size or hold something else. */
  readVerified(chunk: number, into?: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#count(() => this.#read(chunk, into));
  }

  /** Writes a chunk that verifies. Files and folders are made as they are needed. */
  write(chunk: number, bytes: Uint8Array): Promise<void> {
    return this.#count(() => this.#write(chunk, bytes));
  }

  verifies(chunk: number, bytes: Uint8Array): boolean {
    return chunkVerifies(this.document, chunk, bytes, this.#hashes);
  }

  /** Writes the whole of a small file at once. */
  writeWhole(file: number, bytes: Uint8Array): void {
    writeSmallFile(this.diskPath(file), bytes, this.#modeOf(file));
  }

  /** Reads only until this is called; then files are made, and brought to their size. */
  async allowWriting(): Promise<void> {
    await this.close();
    this.#writable = true;
  }

  /**
   * Calls `move` while no file is open; calls that come meanwhile wait. Then the files lie at `root` and are only read.
   * When `move` fails everything is as before.
   */
  async moveTo(root: string, move: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#moving = promise;
    try {
      await this.close();
      await move();
      this.#root = root;
      this.#writable = false;
    } finally {
      this.#moving = undefined;
      resolve();
    }
  }

  /** Waits for what is under way and closes every file; they are opened again when needed. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.#pool.closeAll();
  }

  async #count<T>(call: () => Promise<T>): Promise<T> {
    while (this.#moving !== undefined) await this.#moving;
    const running = call();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  async #read(chunk: number, into?: Uint8Array): Promise<Uint8Array | undefined> {
    const { layout } = this.document;
    const bytes = into ?? new Uint8Array(Buffer.allocUnsafeSlow(layout.sizeOfChunk(chunk)).buffer);
    invariant(bytes.length === layout.sizeOfChunk(chunk), 'the memory has the size of the chunk');
    for (const piece of layout.piecesOfChunk(chunk)) {
      const target = bytes.subarray(piece.chunkOffset, piece.chunkOffset + piece.bytes);
      try {
        const isThere = this.#isSmallFile(piece)
          ? readSmallFile(this.diskPath(piece.file), target)
          : await this.#pool.use(piece.file, (fd) => readFully(fd, target, piece.fileOffset));
        if (!isThere) return undefined;
      } catch (error) {
        if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR' || error instanceof ShoalError) return undefined;
        throw diskError(error, 'cannot read', this.diskPath(piece.file));
      }
    }
    return this.verifies(chunk, bytes) ? bytes : undefined;
  }

  async #write(chunk: number, bytes: Uint8Array): Promise<void> {
    for (const piece of this.document.layout.piecesOfChunk(chunk)) {
      const source = bytes.subarray(piece.chunkOffset, piece.chunkOffset + piece.bytes);
      try {
        if (this.#isSmallFile(piece)) this.writeWhole(piece.file, source);
        else await this.#pool.use(piece.file, (fd) => writeFully(fd, source, piece.fileOffset));
      } catch (error) {
        throw diskError(error, 'cannot write', this.diskPath(piece.file));
      }
    }
  }

  #isSmallFile({ file, bytes }: Piece): boolean {
    return bytes <= smallFileBytesMax && bytes === this.document.manifest.files[file]!.bytes;
  }

  async #open(file: number): Promise<number> {
    const path = this.diskPath(file);
    const { bytes } = this.document.manifest.files[file]!;
    if (!this.#writable) {
      const fd = await openToRead(path, bytes);
      if (fd === undefined) throw new ShoalError('contentChanged', `${showName(path)} has another size`);
      return fd;
    }
    try {
      return await openToWrite(path, bytes, this.#modeOf(file));
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      mkdirSync(dirname(path), { recursive: true });
      return openToWrite(path, bytes, this.#modeOf(file));
    }
  }

  /** The user's umask takes away what it always takes away. */
  #modeOf(file: number): number {
    return this.document.manifest.files[file]!.executable ? 0o777 : 0o666;
  }
}
