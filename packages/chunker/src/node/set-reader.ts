// Reads any bytes of a file-set, and makes sure that every file is still what it was when the set was looked at: after
// its last byte is read, when it is let go. So all that was read was there at one moment, the one after that look.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ShoalError } from '@shoal/machine';
import { Layout } from '../layout.ts';
import { showName } from '../safe-path.ts';
import { diskError, errno } from './disk-errors.ts';
import { type DiskFiles, pathsOf } from './disk-files.ts';

export class SetReader {
  /** Only its files count. */
  readonly layout: Layout;
  readonly #files: DiskFiles;
  readonly #paths: readonly string[];
  #open: { readonly file: number; readonly fd: number } | undefined;

  constructor(files: DiskFiles) {
    this.#files = files;
    this.#paths = pathsOf(files);
    this.layout = new Layout(files.bytes, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Fills `target` with the bytes from `start` on. Fails with a ShoalError that names the file: `contentChanged`, or what
   * the disk said.
   */
  read(target: Uint8Array, start: number): void {
    for (const { file, fileOffset, bytes, chunkOffset } of this.layout.piecesOfRange(start, start + target.length)) {
      try {
        const fd = this.#descriptor(file);
        for (let done = 0; done < bytes;) {
          const bytesRead = readSync(fd, target, chunkOffset + done, bytes - done, fileOffset + done);
          if (bytesRead === 0) throw changedWhileRead(this.#paths[file]!);
          done += bytesRead;
        }
      } catch (error) {
        throw this.#troubleWith(file, error);
      }
    }
  }

  /** Lets go of the file read last. Fails with `contentChanged` like `read`, unless told not to look. */
  close({ check = true }: { readonly check?: boolean } = {}): void {
    if (this.#open === undefined) return;
    const { file, fd } = this.#open;
    this.#open = undefined;
    try {
      if (check) this.#check(file, fd);
    } finally {
      closeSync(fd);
    }
  }

  #descriptor(file: number): number {
    if (this.#open?.file === file) return this.#open.fd;
    this.close();
    const fd = openSync(this.#paths[file]!, 'r');
    this.#open = { file, fd };
    return fd;
  }

  #check(file: number, fd: number): void {
    const { size, mtimeMs, nlink } = fstatSync(fd);
    const isGone = nlink === 0;
    if (isGone || size !== this.#files.bytes[file] || mtimeMs !== this.#files.mtimesMs[file])
      throw changedWhileRead(this.#paths[file]!);
  }

  #troubleWith(file: number, error: unknown): ShoalError {
    const path = this.#paths[file]!;
    return errno(error) === 'ENOENT' ? changedWhileRead(path) : diskError(error, 'cannot read', path);
  }
}

const changedWhileRead = (diskPath: string): ShoalError =>
  new ShoalError(
    'contentChanged',
    `${showName(diskPath)} changed while it was read: try again when nobody writes to it`,
  );
