// Compares what the demo copied with what it shared, by reading the bytes again: SHA-256, as `sha256sum` prints it,
// and nothing of shoal's own hashing, so that the proof does not rest on what it proves.

import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

const readBytes = 4 * 1024 * 1024;

/** SHA-256 of a file, or of the sorted list of `digest  path` lines of a folder; hexadecimal. Counts its bytes and files. */
export interface ContentDigest {
  readonly sha256: string;
  readonly bytes: number;
  readonly files: number;
}

export async function digestContent(path: string): Promise<ContentDigest> {
  const found = await stat(path);
  if (found.isFile()) return { sha256: await digestFile(path), bytes: found.size, files: 1 };
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const list = createHash('sha256');
  let bytes = 0;
  for (const file of files.sort((a, b) => (a < b ? -1 : 1))) {
    list.update(`${await digestFile(file)}  ${relative(path, file)}\n`);
    bytes += (await stat(file)).size;
  }
  return { sha256: list.digest('hex'), bytes, files: files.length };
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path);
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, (await file.stat()).size)));
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}
