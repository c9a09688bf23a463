// Opening, filling and syncing single files by descriptor, with the traps of short reads and writes handled. What ends in
// Sync keeps the calling thread.

import {
  close,
  constants,
  fdatasync,
  fstat,
  ftruncate,
  mkdirSync,
  open,
  openSync,
  read,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ShoalError } from '@shoal/machine';
import { errno } from './disk-errors.ts';

const closeFile = promisify(close);
const openFile = promisify(open);
const readAt = promisify(read);
const statFile = promisify(fstat);
const syncFile = promisify(fdatasync);
const truncateFile = promisify(ftruncate);
const writeAt = promisify(write);

// A link planted under the name of a content file must not lead the writing elsewhere. Windows does not have it.
export const noFollow: number = constants.O_NOFOLLOW ?? 0;

/** Flags to make or empty a file and write it. */
export const writeWholeFlags: number = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | noFollow;

/** Opens a file to read; undefined when it has another size. */
export async function openToRead(path: string, bytes: number): Promise<number | undefined> {
  const fd = await openFile(path, constants.O_RDONLY);
  if ((await statFile(fd)).size === bytes) return fd;
  await closeFile(fd);
  return undefined;
}

/** Opens or makes a file of exactly this size, to read and write. */
export async function openToWrite(path: string, bytes: number, mode: number): Promise<number> {
  const fd = await openFile(path, constants.O_RDWR | constants.O_CREAT | noFollow, mode);
  try {
    await truncateFile(fd, bytes);
    return fd;
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
}

/** Opens a file, and makes the folders it lies in if they are missing. */
export function openOrMakeSync(path: string, flags: number, mode: number): number {
  try {
    return openSync(path, flags, mode);
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, flags, mode);
  }
}

/** Fills `target` from `offset` of the file; false when the file ends before. */
export async function readFully(fd: number, target: Uint8Array, offset: number): Promise<boolean> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await readAt(fd, target, done, target.length - done, offset + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** Writes all of `source`. A disk that fills up may write less than was asked and say nothing: only the next try tells. */
export async function writeFully(fd: number, source: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < source.length;) {
    const { bytesWritten } = await writeAt(fd, source, done, source.length - done, offset + done);
    if (bytesWritten === 0) throw diskFull();
    done += bytesWritten;
  }
}

/** The same. */
export function writeFullySync(fd: number, source: Uint8Array, offset: number): void {
  for (let done = 0; done < source.length;) {
    const written = writeSync(fd, source, done, source.length - done, offset + done);
    if (written === 0) throw diskFull();
    done += written;
  }
}

const diskFull = (): ShoalError => new ShoalError('diskFull', 'the disk is full: free some space and try again');

/** Waits until what was written to a file or folder is on the disk itself. */
export async function syncPath(path: string): Promise<void> {
  const fd = await openFile(path, constants.O_RDONLY);
  try {
    await syncFile(fd);
  } finally {
    await closeFile(fd);
  }
}
