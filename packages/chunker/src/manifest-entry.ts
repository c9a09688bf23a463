// One line of a manifest's file list: a file, or a folder with nothing in it. (Other folders follow from the files.)
// Written as one canonical msgpack array, [path, bytes, kind], with kind 0 for a file, 1 for an executable one, 2 for an
// empty folder; a list is its entries one after the other.

import { CanonicalReader, CanonicalWriter } from './canonical.ts';
import { pathBytesMax } from './safe-path.ts';

export interface ManifestFile {
  /** Relative, names separated by '/'; of a set that is a single file, the set's name. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}

export interface EmptyFolder {
  readonly path: string;
  readonly emptyFolder: true;
}

export type ManifestEntry = ManifestFile | EmptyFolder;

/** Longest entry, in bytes as written. */
export const entryBytesMax: number = 1 + 3 + pathBytesMax + 9 + 1;

/** How many bytes of content an entry adds to the byte space. */
export const contentBytes = (entry: ManifestEntry): number => ('bytes' in entry ? entry.bytes : 0);

export function encodeEntries(entries: readonly ManifestEntry[]): Uint8Array {
  const writer = new CanonicalWriter();
  for (const entry of entries) writeEntry(writer, entry);
  return writer.finish();
}

export function writeEntry(writer: CanonicalWriter, entry: ManifestEntry): void {
  const kind = 'emptyFolder' in entry ? 2 : entry.executable ? 1 : 0;
  writer.array(3).text(entry.path).uint(contentBytes(entry)).uint(kind);
}

/**
 * Exactly `count` entries; undefined when `bytes` are none. Whether their paths are safe is not looked at here. `each` is
 * told every entry with the bytes it was read from.
 */
export function decodeEntries(
  bytes: Uint8Array,
  count: number,
  each?: (entry: ManifestEntry, written: Uint8Array) => void,
): ManifestEntry[] | undefined {
  const reader = new CanonicalReader(bytes);
  const entries: ManifestEntry[] = [];
  for (let left = count; left > 0; left -= 1) {
    const start = reader.at;
    const entry = readEntry(reader);
    if (entry === undefined) return undefined;
    entries.push(entry);
    each?.(entry, bytes.subarray(start, reader.at));
  }
  return reader.done ? entries : undefined;
}

function readEntry(reader: CanonicalReader): ManifestEntry | undefined {
  const fields = reader.array(3);
  const [path, bytes, kind] = [reader.text(pathBytesMax), reader.uint(), reader.uint(2)];
  if (reader.failed || fields !== 3) return undefined;
  if (kind < 2) return { path, bytes, executable: kind === 1 };
  return bytes === 0 ? { path, emptyFolder: true } : undefined;
}
