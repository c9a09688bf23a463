// Writes any bytes of a file-set to its files, which are made, with their folders, as they are needed: the counterpart of
// SetReader, for threads of their own.

import { closeSync, constants, fstatSync, ftruncateSync } from 'node:fs';
import { Layout } from '../layout.ts';
import { diskError } from './disk-errors.ts';
import { noFollow, openOrMakeSync, writeFullySync, writeWholeFlags } from './disk-file.ts';
import { packPaths, pathsOf } from './disk-files.ts';

/** The files of a set on this disk, in a form that crosses to other threads. */
export interface TargetFiles {
  readonly paths: string;
  readonly bytes: Float64Array;
  readonly modes: Uint16Array;
}

export interface TargetFile {
  readonly diskPath: string;
  readonly bytes: number;
  readonly mode: number;
}

export const packTargets = (files: readonly TargetFile[]): TargetFiles => ({
  paths: packPaths(files.map(({ diskPath }) => diskPath)),
  bytes: Float64Array.from(files, ({ bytes }) => bytes),
  modes: Uint16Array.from(files, ({ mode }) => mode),
});

export class SetWriter {
  readonly #layout: Layout;
  readonly #files: TargetFiles;
  readonly #paths: readonly string[];
  #open: { readonly file: number; readonly fd: number } | undefined;

  constructor(files: TargetFiles) {
    this.#files = files;
    this.#paths = pathsOf(files);
    this.#layout = new Layout(files.bytes, Number.MAX_SAFE_INTEGER);
  }

  /** Writes `source` from `start` of the byte space on. Fails with a ShoalError that names the file. */
  write(source: Uint8Array, start: number): void {
    for (const { file, fileOffset, bytes, chunkOffset } of this.#layout.piecesOfRange(start, start + source.length)) {
      try {
        const fd = this.#descriptor(file, bytes === this.#files.bytes[file]);
        writeFullySync(fd, source.subarray(chunkOffset, chunkOffset + bytes), fileOffset);
      } catch (error) {
        throw diskError(error, 'cannot write', this.#paths[file]!);
      }
    }
  }

  /** Lets go of the file written last. */
  close(): void {
    if (this.#open === undefined) return;
    const { fd } = this.#open;
    this.#open = undefined;
    closeSync(fd);
  }

  #descriptor(file: number, isWhole: boolean): number {
    if (this.#open?.file === file) return this.#open.fd;
    this.close();
    const flags = isWhole ? writeWholeFlags : constants.O_WRONLY | constants.O_CREAT | noFollow;
    const fd = openOrMakeSync(this.#paths[file]!, flags, this.#files.modes[file]!);
    this.#open = { file, fd };
    const bytes = this.#files.bytes[file]!;
    if (!isWhole && fstatSync(fd).size !== bytes) ftruncateSync(fd, bytes);
    return fd;
  }
}
