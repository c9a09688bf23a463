// Whole files that are so small that they are opened, moved and closed at once: handing each step to another thread would
// take longer. There may be very many of them, so each takes three calls of the system and no more.

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { openOrMakeSync, writeFullySync, writeWholeFlags } from './disk-file.ts';

/** In bytes. */
export const smallFileBytesMax = 32_768;

/** Room for a byte more than there may be: so a file that has become longer shows itself, without being asked its size. */
const scratch = new Uint8Array(smallFileBytesMax + 1);

/** Fills `target` with all of a file; false when that has another size. */
export function readSmallFile(path: string, target: Uint8Array): boolean {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    if (readSync(fd, scratch, 0, target.length + 1, 0) !== target.length) return false;
    target.set(scratch.subarray(0, target.length));
    return true;
  } finally {
    closeSync(fd);
  }
}

/** Makes a file, with its folders, or replaces what is in it. */
export function writeSmallFile(path: string, bytes: Uint8Array, mode: number): void {
  const fd = openOrMakeSync(path, writeWholeFlags, mode);
  try {
    writeFullySync(fd, bytes, 0);
  } finally {
    closeSync(fd);
  }
}
