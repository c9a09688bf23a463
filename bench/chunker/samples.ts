// What is hashed: one file, or very many small ones, of bytes that no tool can guess, made once in the folder for samples.

import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const blockBytes = 2 ** 20;

/** Bytes for ever, the same each time: a stream cipher over nothing is the quickest generator at hand. */
function noise(): (bytes: number) => Uint8Array {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(blockBytes);
  return (bytes) => cipher.update(zeros.subarray(0, bytes));
}

/** A file of so many bytes, all of them written: nothing is left out as a hole. */
export function sampleFile(folder: string, bytes: number): string {
  const path = join(folder, `file-${bytes}`);
  if (existsSync(path) && statSync(path).size === bytes) return path;
  const next = noise();
  const fd = openSync(path, 'w');
  for (let left = bytes; left > 0; left -= blockBytes) writeSync(fd, next(Math.min(left, blockBytes)));
  fsyncSync(fd); // or the disk would be busy while others are measured
  closeSync(fd);
  return path;
}

/** A thousand files in a folder, unless said of 0 to 1,999 bytes. */
export function sampleFolder(folder: string, files: number, bytesOf = (n: number): number => (n * 7) % 2_000): string {
  const path = join(folder, `folder-${files}`);
  if (existsSync(path)) return path;
  const next = noise();
  for (let n = 0; n < files; n += 1) {
    if (n % 1_000 === 0) mkdirSync(join(path, String(n / 1_000)), { recursive: true });
    writeFileSync(join(path, sampleName(n)), next(bytesOf(n)));
  }
  return path;
}

/** Paths below the folder, as short as they can be: all of them are arguments of one command. */
export const sampleNames = (files: number): string[] => Array.from({ length: files }, (_, n) => sampleName(n));

const sampleName = (n: number): string => `${Math.floor(n / 1_000)}/${n % 1_000}`;

/** Reads a file, or all of a folder, so that it is in the system's memory. */
export function warm({ path, files }: { readonly path: string; readonly files?: number | undefined }): void {
  const buffer = new Uint8Array(blockBytes);
  for (const name of files === undefined ? [''] : sampleNames(files)) {
    const fd = openSync(join(path, name), 'r');
    while (readSync(fd, buffer) > 0);
    closeSync(fd);
  }
}
