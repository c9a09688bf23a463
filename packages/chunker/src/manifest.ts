// What a file-set is: its name, its files in path order, how it is cut and hashed, and the root over its chunk
// digests. Written as one canonical msgpack array (canonical.ts), whose hash is the swarmId:
//   [version, isFolder, name, hash, chunkBytes, [[path, bytes, executable]…], [emptyFolder…], root]

import { CanonicalReader, CanonicalWriter } from './canonical.ts';
import { chunkBytesMax, chunkCountMax } from './chunk-size.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import { digestBytes, type HashName, hashNames } from './hash.ts';
import { Layout } from './layout.ts';
import { pathSetProblem } from './path-set.ts';
import { describePathProblem, nameBytesMax, nameProblem, pathBytesMax, showName } from './safe-path.ts';

export const manifestVersion = 1;

/** Most files and empty folders together; more are refused. */
export const manifestEntriesMax = 500_000;
/** Longest encoded manifest, in bytes; a longer one is refused unread. */
export const manifestBytesMax = 33_554_432;

export interface ManifestFile {
  /** Relative, names separated by '/'; of a set that is a single file, the set's name. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}

export interface Manifest {
  readonly version: typeof manifestVersion;
  /** A single file, or a folder of any number of them. */
  readonly kind: 'file' | 'folder';
  /** The file's or folder's own name. */
  readonly name: string;
  /** Hashes chunks and their tree. (The swarmId is always BLAKE3.) */
  readonly hash: HashName;
  readonly chunkBytes: number;
  /** In `comparePaths` order. */
  readonly files: readonly ManifestFile[];
  /** Folders with nothing in them, in the same order; the others follow from the files. */
  readonly emptyFolders: readonly string[];
  /** Merkle root over the chunk digests, 32 bytes. */
  readonly root: Uint8Array;
}

/** Why bytes are no manifest. `mismatch`: they are, but of other content than was asked for. */
export type ManifestProblem = 'tooLarge' | 'malformed' | 'version' | 'nameUnsafe' | 'tooManyChunks' | 'mismatch';

/** The arithmetic of a manifest's chunks and files. */
export const layoutOf = (manifest: Pick<Manifest, 'files' | 'chunkBytes'>): Layout =>
  new Layout(
    manifest.files.map((file) => file.bytes),
    manifest.chunkBytes,
  );

/** The one encoding of a manifest that `manifestProblem` finds nothing wrong with. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const writer = new CanonicalWriter();
  writer
    .array(8)
    .uint(manifest.version)
    .boolean(manifest.kind === 'folder')
    .text(manifest.name);
  writer.text(manifest.hash).uint(manifest.chunkBytes).array(manifest.files.length);
  for (const { path, bytes, executable } of manifest.files) writer.array(3).text(path).uint(bytes).boolean(executable);
  writer.array(manifest.emptyFolders.length);
  for (const path of manifest.emptyFolders) writer.text(path);
  return writer.bytes(manifest.root).finish();
}

/** Reads and checks an encoded manifest. What it accepts encodes to the same bytes again. */
export function decodeManifest(bytes: Uint8Array): Decoded<Manifest, ManifestProblem> {
  if (bytes.length > manifestBytesMax)
    return refused('tooLarge', `the manifest has more than ${manifestBytesMax} bytes`);
  const reader = new CanonicalReader(bytes);
  const fields = reader.array(255);
  const version = reader.uint();
  if (!reader.failed && version !== manifestVersion)
    return refused('version', `the manifest has version ${version}: a newer shoal is needed to read it`);
  const manifest = readManifest(reader);
  if (!reader.done || fields !== 8 || manifest === undefined)
    return refused('malformed', 'the manifest is not encoded as shoal encodes one');
  return manifestProblem(manifest) ?? decoded(manifest);
}

function readManifest(reader: CanonicalReader): Manifest | undefined {
  const kind = reader.boolean() ? 'folder' : 'file';
  const name = reader.text(nameBytesMax);
  const hashText = reader.text(16);
  const chunkBytes = reader.uint(chunkBytesMax);
  const files: ManifestFile[] = [];
  for (let left = reader.array(manifestEntriesMax); left > 0 && !reader.failed; left -= 1) {
    if (reader.array(3) !== 3) return undefined;
    files.push({ path: reader.text(pathBytesMax), bytes: reader.uint(), executable: reader.boolean() });
  }
  const emptyFolders: string[] = [];
  for (let left = reader.array(manifestEntriesMax); left > 0 && !reader.failed; left -= 1)
    emptyFolders.push(reader.text(pathBytesMax));
  const root = reader.bytes(digestBytes).slice();
  const hash = hashNames.find((known) => known === hashText);
  if (hash === undefined || chunkBytes === 0) return undefined;
  return { version: manifestVersion, kind, name, hash, chunkBytes, files, emptyFolders, root };
}

/** What the encoding alone does not exclude; undefined when nothing is wrong. */
export function manifestProblem(manifest: Manifest): (Decoded<never, ManifestProblem> & { ok: false }) | undefined {
  const { kind, name, files, emptyFolders, chunkBytes } = manifest;
  const unsafe = nameProblem(name);
  if (unsafe !== undefined) return refused('nameUnsafe', `the name ${showName(name)} ${describePathProblem(unsafe)}`);
  if (files.length + emptyFolders.length > manifestEntriesMax)
    return refused('tooLarge', `the set has more than ${manifestEntriesMax} files`);
  const single = files.length === 1 && emptyFolders.length === 0 && files[0]!.path === name;
  if (kind === 'file' && !single) return refused('malformed', 'a set of a single file lists something else');
  const paths = files.map((file) => file.path);
  const conflict = pathSetProblem(paths, emptyFolders);
  if (conflict !== undefined) return refused('nameUnsafe', conflict);
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (Math.ceil(totalBytes / chunkBytes) > chunkCountMax)
    return refused('tooManyChunks', `the set has more than ${chunkCountMax} chunks`);
  return undefined;
}
