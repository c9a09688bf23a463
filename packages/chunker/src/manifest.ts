// What a file-set is: its name, its files in path order, and how it is cut and hashed. manifest-header.ts is how it is
// bound, manifest-document.ts how it is written.

import type { Chunking } from './chunking.ts';
import { type Decoded, refused } from './decoded.ts';
import type { HashName } from './hash.ts';
import { Layout } from './layout.ts';
import type { ManifestEntry, ManifestFile } from './manifest-entry.ts';
import type { ManifestProblem } from './manifest-header.ts';
import { comparePaths, pathSetProblem } from './path-set.ts';
import { utf8Bytes } from './safe-path.ts';

/** All paths of a set together, in bytes of UTF-8: they are kept in memory. More are refused. */
export const pathsBytesMax = 67_108_864;

export interface Manifest {
  /** A single file, or a folder of any number of them. */
  readonly kind: 'file' | 'folder';
  /** The file's or folder's own name. */
  readonly name: string;
  /** Hashes chunks and their tree. */
  readonly hash: HashName;
  readonly chunking: Chunking;
  /** In `comparePaths` order. */
  readonly files: readonly ManifestFile[];
  /** Folders with nothing in them, in the same order; the others follow from the files. */
  readonly emptyFolders: readonly string[];
}

/** The arithmetic of a manifest's chunks and files. `sizes` are those of content-defined chunks. */
export const layoutOf = (
  { files, chunking }: Pick<Manifest, 'files' | 'chunking'>,
  sizes?: ArrayLike<number>,
): Layout =>
  new Layout(
    files.map((file) => file.bytes),
    chunking.kind === 'fixed' ? chunking.chunkBytes : (sizes ?? []),
  );

/** Files and empty folders as one list in path order. */
export function entriesOf({ files, emptyFolders }: Pick<Manifest, 'files' | 'emptyFolders'>): ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  let next = 0;
  for (const file of files) {
    for (; next < emptyFolders.length && comparePaths(emptyFolders[next]!, file.path) < 0; next += 1)
      entries.push({ path: emptyFolders[next]!, emptyFolder: true });
    entries.push(file);
  }
  for (const path of emptyFolders.slice(next)) entries.push({ path, emptyFolder: true });
  return entries;
}

/** The same list taken apart. */
export function takeApart(entries: readonly ManifestEntry[]): Pick<Manifest, 'files' | 'emptyFolders'> {
  const files: ManifestFile[] = [];
  const emptyFolders: string[] = [];
  for (const entry of entries) {
    if ('emptyFolder' in entry) emptyFolders.push(entry.path);
    else files.push(entry);
  }
  return { files, emptyFolders };
}

/** What is wrong with a file list; undefined when nothing is. */
export function entriesProblem(
  { kind, name }: Pick<Manifest, 'kind' | 'name'>,
  entries: readonly ManifestEntry[],
): (Decoded<never, ManifestProblem> & { ok: false }) | undefined {
  const single = entries.length === 1 && 'bytes' in entries[0]! && entries[0].path === name;
  if (kind === 'file' && !single) return refused('malformed', 'a set of a single file lists something else');
  if (entries.reduce((sum, { path }) => sum + utf8Bytes(path), 0) > pathsBytesMax)
    return refused('tooLarge', `the paths of the set have more than ${pathsBytesMax} bytes`);
  const conflict = pathSetProblem(entries.map(({ path }) => path));
  return conflict === undefined ? undefined : refused('nameUnsafe', conflict);
}
