// What a swarmId is the hash of: a few hundred bytes that fix everything else. The file list and the chunk table, however
// long, hang below it as two trees (hash-tree.ts), so that any part of them can be checked without the rest.
// Written as one canonical msgpack array (canonical.ts):
//   [version, isFolder, name, hash, chunking, totalBytes, chunkCount, entryCount, entriesRoot, chunksRoot]

import { CanonicalReader, CanonicalWriter } from './canonical.ts';
import { chunkBytesMax, chunkCountMax } from './chunk-size.ts';
import { type Chunking, chunkingNumbers, chunkingOf, largestChunk } from './chunking.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import { digestBytes, type HashName, hashNames } from './hash.ts';
import { describePathProblem, nameBytesMax, nameProblem, showName } from './safe-path.ts';

export const manifestVersion = 1;

/** Most files and empty folders together; more are refused. */
export const manifestEntriesMax = 500_000;

/** Longer than any header can be; more bytes are refused unread. */
export const headerBytesMax = 512;

export interface ManifestHeader {
  readonly version: typeof manifestVersion;
  /** A single file, or a folder of any number of them. */
  readonly kind: 'file' | 'folder';
  /** The file's or folder's own name. */
  readonly name: string;
  /** Hashes chunks and both trees. (The swarmId is always BLAKE3.) */
  readonly hash: HashName;
  readonly chunking: Chunking;
  readonly totalBytes: number;
  readonly chunkCount: number;
  /** Files and empty folders. */
  readonly entryCount: number;
  readonly entriesRoot: Uint8Array;
  readonly chunksRoot: Uint8Array;
}

/** Why bytes are no manifest. `mismatch`: they are, but of other content than was asked for. */
export type ManifestProblem = 'tooLarge' | 'malformed' | 'version' | 'nameUnsafe' | 'tooManyChunks' | 'mismatch';

/** The one encoding of a header. */
export function encodeHeader(header: ManifestHeader): Uint8Array {
  const writer = new CanonicalWriter().array(10).uint(header.version);
  writer
    .boolean(header.kind === 'folder')
    .text(header.name)
    .text(header.hash);
  const numbers = chunkingNumbers(header.chunking);
  writer.array(numbers.length);
  for (const number of numbers) writer.uint(number);
  writer.uint(header.totalBytes).uint(header.chunkCount).uint(header.entryCount);
  return writer.bytes(header.entriesRoot).bytes(header.chunksRoot).finish();
}

/** Reads and checks an encoded header. What it accepts encodes to the same bytes again. */
export function decodeHeader(bytes: Uint8Array): Decoded<ManifestHeader, ManifestProblem> {
  if (bytes.length > headerBytesMax) return refused('tooLarge', `the header has more than ${headerBytesMax} bytes`);
  const reader = new CanonicalReader(bytes);
  const fields = reader.array(255);
  const version = reader.uint();
  if (!reader.failed && version !== manifestVersion)
    return refused('version', `the manifest has version ${version}: a newer shoal is needed to read it`);
  const header = readHeader(reader);
  if (!reader.done || fields !== 10 || header === undefined)
    return refused('malformed', 'the manifest is not encoded as shoal encodes one');
  return headerProblem(header) ?? decoded(header);
}

function readHeader(reader: CanonicalReader): ManifestHeader | undefined {
  const kind = reader.boolean() ? 'folder' : 'file';
  const name = reader.text(nameBytesMax);
  const hashText = reader.text(16);
  const chunking = chunkingOf(Array.from({ length: reader.array(3) }, () => reader.uint(chunkBytesMax)));
  const [totalBytes, chunkCount, entryCount] = [reader.uint(), reader.uint(), reader.uint()];
  const [entriesRoot, chunksRoot] = [reader.bytes(digestBytes).slice(), reader.bytes(digestBytes).slice()];
  const hash = hashNames.find((known) => known === hashText);
  if (hash === undefined || chunking === undefined) return undefined;
  return {
    version: manifestVersion,
    kind,
    name,
    hash,
    chunking,
    totalBytes,
    chunkCount,
    entryCount,
    entriesRoot,
    chunksRoot,
  };
}

/** What the encoding alone does not exclude; undefined when nothing is wrong. */
export function headerProblem(header: ManifestHeader): (Decoded<never, ManifestProblem> & { ok: false }) | undefined {
  const { kind, name, chunking, totalBytes, chunkCount, entryCount } = header;
  const unsafe = nameProblem(name);
  if (unsafe !== undefined) return refused('nameUnsafe', `the name ${showName(name)} ${describePathProblem(unsafe)}`);
  if (entryCount > manifestEntriesMax) return refused('tooLarge', `the set has more than ${manifestEntriesMax} files`);
  if (chunkCount > chunkCountMax) return refused('tooManyChunks', `the set has more than ${chunkCountMax} chunks`);
  const fewest = Math.ceil(totalBytes / largestChunk(chunking));
  const isCountable =
    chunking.kind === 'fixed' ? chunkCount === fewest : chunkCount >= fewest && chunkCount <= totalBytes;
  if (!isCountable || (kind === 'file' && entryCount !== 1))
    return refused('malformed', 'the counts of the manifest contradict each other');
  return undefined;
}
