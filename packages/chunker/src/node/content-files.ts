// The chunks of a file-set as they lie in its files: read and verified, or written, piece by piece.

import { closeSync, constants, fstatSync, mkdirSync, openSync, read, readSync, write, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ShoalError } from '@shoal/machine';
import type { HashSuite } from '../hash.ts';
import type { Piece } from '../layout.ts';
import { chunkVerifies, type ManifestDocument } from '../manifest-document.ts';
import { diskError, errno } from './disk-errors.ts';
import { FilePool, openToRead, openToWrite } from './file-pool.ts';

const readAt = promisify(read);
const writeAt = promisify(write);

/** Whole files up to this size are opened, moved and closed at once: handing each step to another thread takes longer. */
const smallFileBytesMax = 32_768;

const smallWriteFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);

export interface ContentFilesOptions {
  readonly document: ManifestDocument;
  readonly hashes: HashSuite;
  /** The file itself, or the folder the paths of the manifest begin in. */
  readonly root: string;
  readonly writable: boolean;
}

export class ContentFiles {
  readonly document: ManifestDocument;
  readonly #hashes: HashSuite;
  readonly #pool: FilePool;
  #root: string;
  #writable: boolean;

  constructor({ document, hashes, root, writable }: ContentFilesOptions) {
    this.document = document;
    this.#hashes = hashes;
    this.#root = root;
    this.#writable = writable;
    this.#pool = new FilePool((file) => this.#open(file));
  }

  /** Where a file lies on this disk. */
  diskPath(file: number): string {
    const { kind, files } = this.document.manifest;
    return kind === 'file' ? this.#root : join(this.#root, files[file]!.path);
  }

  /** The files that a chunk has bytes of. */
  diskPathsOfChunk(chunk: number): string[] {
    return this.document.layout.piecesOfChunk(chunk).map(({ file }) => this.diskPath(file));
  }

  /** The chunk, or undefined when its files are not there, are too short or hold something else. */
  async readVerified(chunk: number): Promise<Uint8Array | undefined> {
    const { layout } = this.document;
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(layout.sizeOfChunk(chunk)).buffer);
    for (const piece of layout.piecesOfChunk(chunk)) {
      const target = bytes.subarray(piece.chunkOffset, piece.chunkOffset + piece.bytes);
      if (!(await this.#readPiece(piece, target))) return undefined;
    }
    return chunkVerifies(this.document, chunk, bytes, this.#hashes) ? bytes : undefined;
  }

  verifies(chunk: number, bytes: Uint8Array): boolean {
    return chunkVerifies(this.document, chunk, bytes, this.#hashes);
  }

  /** Writes a chunk that verifies. Files and folders are made as they are needed. */
  async write(chunk: number, bytes: Uint8Array): Promise<void> {
    for (const piece of this.document.layout.piecesOfChunk(chunk)) {
      const source = bytes.subarray(piece.chunkOffset, piece.chunkOffset + piece.bytes);
      try {
        if (this.#isSmallFile(piece)) this.writeSmall(piece.file, source);
        else await this.#pool.use(piece.file, (fd) => writeFully(fd, source, piece.fileOffset));
      } catch (error) {
        throw diskError(error, 'cannot write', this.diskPath(piece.file));
      }
    }
  }

  /** Writes the whole of a file at once. */
  writeSmall(file: number, bytes: Uint8Array): void {
    const path = this.diskPath(file);
    const options = { flag: smallWriteFlags as unknown as string, mode: this.#modeOf(file) };
    try {
      writeFileSync(path, bytes, options);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes, options);
    }
  }

  /** From now on the files lie at `root` and are only read. */
  moveTo(root: string): void {
    this.#root = root;
    this.#writable = false;
  }

  /** Closes every file; they are opened again when needed. */
  async close(): Promise<void> {
    await this.#pool.closeAll();
  }

  async #readPiece(piece: Piece, target: Uint8Array): Promise<boolean> {
    try {
      if (this.#isSmallFile(piece)) return readSmall(this.diskPath(piece.file), target);
      return await this.#pool.use(piece.file, (fd) => readFully(fd, target, piece.fileOffset));
    } catch (error) {
      if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return false;
      throw diskError(error, 'cannot read', this.diskPath(piece.file));
    }
  }

  #isSmallFile({ file, bytes }: Piece): boolean {
    return bytes <= smallFileBytesMax && bytes === this.document.manifest.files[file]!.bytes;
  }

  async #open(file: number): Promise<number> {
    const path = this.diskPath(file);
    if (!this.#writable) return openToRead(path);
    const { bytes } = this.document.manifest.files[file]!;
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

function readSmall(path: string, target: Uint8Array): boolean {
  const fd = openSync(path, 'r');
  try {
    if (fstatSync(fd).size !== target.length) return false;
    return readSync(fd, target, 0, target.length, 0) === target.length;
  } finally {
    closeSync(fd);
  }
}

async function readFully(fd: number, target: Uint8Array, offset: number): Promise<boolean> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await readAt(fd, target, done, target.length - done, offset + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** A disk that fills up may write less than was asked and say nothing: only the next try tells. */
async function writeFully(fd: number, source: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < source.length;) {
    const { bytesWritten } = await writeAt(fd, source, done, source.length - done, offset + done);
    if (bytesWritten === 0)
      throw new ShoalError('diskFull', 'the disk is full: free some space and run the same command again');
    done += bytesWritten;
  }
}
