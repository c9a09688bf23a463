// The files of a set on this disk, packed for other threads: half a million objects would take longer to hand over than
// to read what they describe.

import type { ScannedFile } from './scan-files.ts';

export interface DiskFiles {
  /** Separated by a character that no path has. */
  readonly paths: string;
  /** Memory that threads share. */
  readonly bytes: Float64Array;
  readonly mtimesMs: Float64Array;
}

const separator = '\0';

export function packFiles(files: readonly ScannedFile[]): DiskFiles {
  const bytes = new Float64Array(new SharedArrayBuffer(files.length * 8));
  const mtimesMs = new Float64Array(new SharedArrayBuffer(files.length * 8));
  for (let file = 0; file < files.length; file += 1) {
    bytes[file] = files[file]!.bytes;
    mtimesMs[file] = files[file]!.mtimeMs;
  }
  return { paths: files.map(({ diskPath }) => diskPath).join(separator), bytes, mtimesMs };
}

export const pathsOf = ({ paths }: DiskFiles): readonly string[] => paths.split(separator);
