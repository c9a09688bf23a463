// The files of a set on this disk, packed for other threads: half a million objects would take longer to hand over than
// to read what they describe.

/** A file as it was when it was looked at. */
export interface DiskFile {
  readonly diskPath: string;
  readonly bytes: number;
  /** When it was last changed, to notice a change while it is read. */
  readonly mtimeMs: number;
}

/** Stands where a file might be and none is. */
export const nothing: DiskFile = { diskPath: '', bytes: 0, mtimeMs: 0 };

export interface DiskFiles {
  /** Separated by a character that no path has. */
  readonly paths: string;
  /** Memory that threads share. */
  readonly bytes: Float64Array;
  readonly mtimesMs: Float64Array;
}

const separator = '\0';

export function packFiles(files: readonly DiskFile[]): DiskFiles {
  const bytes = new Float64Array(new SharedArrayBuffer(files.length * 8));
  const mtimesMs = new Float64Array(new SharedArrayBuffer(files.length * 8));
  for (let file = 0; file < files.length; file += 1) {
    bytes[file] = files[file]!.bytes;
    mtimesMs[file] = files[file]!.mtimeMs;
  }
  return { paths: packPaths(files.map(({ diskPath }) => diskPath)), bytes, mtimesMs };
}

export const packPaths = (paths: readonly string[]): string => paths.join(separator);

export const pathsOf = ({ paths }: { readonly paths: string }): readonly string[] => paths.split(separator);
