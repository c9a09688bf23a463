// What lies in a folder of chunks: what its summary says, or without one its `local_chunks.txt`, and which of the chunk
// files are there.

import { readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ShoalError } from '@shoal/machine';
import { chunkBytesMax } from '../chunk-size.ts';
import { type ChunkSummary, parseSummary, summaryName } from '../chunk-summary.ts';
import { fixedChunks } from '../chunking.ts';
import type { HashSuite } from '../hash.ts';
import { localChunksName, parseLocalChunks } from '../local-chunks.ts';
import { makeDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { copyChunks } from './copy-chunks.ts';
import { diskError, errno } from './disk-errors.ts';
import { type DiskFile, packFiles } from './disk-files.ts';

export interface ChunkFolder extends ChunkSummary {
  readonly folder: string;
  /** The chunk files as they lie there now, those that do. */
  readonly found: readonly (DiskFile | undefined)[];
  /** False when there was no summary to verify by. */
  readonly verified: boolean;
}

export interface ChunkTrouble {
  /** As the summary counts them: from 1 on. */
  readonly id: number;
  readonly file: string;
  readonly problem: 'missing' | 'damaged';
}

type TroubleListener = (trouble: ChunkTrouble) => void;

/** An error names as many; the listener is told of all. */
const troublesNamed = 16;

/** Fails with a ShoalError: `notFound` when nothing says which chunks there are, `manifestInvalid` when what says so is damaged. */
export async function readChunkFolder(
  folder: string,
  hashes: HashSuite,
  onTrouble: TroubleListener | undefined,
): Promise<ChunkFolder> {
  const summary = readSummary(folder, hashes);
  if (summary !== undefined) return lookAtChunks(folder, summary);
  const list = readText(join(resolve(folder), localChunksName));
  if (list !== undefined) return readClassic(folder, list, hashes, onTrouble);
  throw new ShoalError(
    'notFound',
    `${showName(folder)} has no ${summaryName} and no ${localChunksName}: name the folder that was split to`,
  );
}

/** What the summary in a folder says; undefined when there is none. Fails with `manifestInvalid` when it is damaged. */
export function readSummary(folder: string, hashes: HashSuite): ChunkSummary | undefined {
  const text = readText(join(resolve(folder), summaryName));
  if (text === undefined) return undefined;
  const parsed = parseSummary(text, hashes);
  if (parsed.ok) return parsed.value;
  throw new ShoalError('manifestInvalid', `${showName(join(folder, summaryName))} cannot be used: ${parsed.detail}`);
}

/** Which of the chunk files of a summary lie in the folder now. */
export function lookAtChunks(folder: string, summary: ChunkSummary): ChunkFolder {
  const found = summary.chunkFiles.map((name) => lookAtFile(join(resolve(folder), name)));
  return { ...summary, folder, found, verified: true };
}

/** Without a summary the chunks are what their files hold; all but the last must have one size. */
async function readClassic(
  folder: string,
  list: string,
  hashes: HashSuite,
  onTrouble: TroubleListener | undefined,
): Promise<ChunkFolder> {
  const listPath = showName(join(folder, localChunksName));
  const parsed = parseLocalChunks(list);
  if (!parsed.ok) throw new ShoalError('manifestInvalid', `${listPath} cannot be used: ${parsed.detail}`);
  const { count, files } = parsed.value;
  const chunkFiles = Array.from({ length: count }, (_, chunk) => files.get(chunk) ?? `chunk-${chunk + 1}`);
  const found = chunkFiles.map((name, chunk) =>
    files.has(chunk) ? lookAtFile(join(resolve(folder), name)) : undefined,
  );
  const present = found.filter((file) => file !== undefined);
  if (present.length < count)
    throw troubleError({ folder, chunkFiles, found }, (chunk) => found[chunk] !== undefined, onTrouble);
  const chunkBytes = present[0]?.bytes ?? 1;
  const odd = present.findIndex(
    ({ bytes }, chunk) => bytes === 0 || bytes > chunkBytes || (bytes < chunkBytes && chunk < count - 1),
  );
  if (odd >= 0 || chunkBytes > chunkBytesMax)
    throw new ShoalError(
      'manifestInvalid',
      `${listPath} cannot be used: chunk ${Math.max(odd, 0) + 1} has ${present[Math.max(odd, 0)]!.bytes} bytes; all but the last must have one size, up to ${chunkBytesMax}`,
    );
  const bytes = present.reduce((sum, file) => sum + file.bytes, 0);
  const name = basename(resolve(folder)).replace(/\.chunks$/, '');
  const from = packFiles(present);
  const targets = Float64Array.from({ length: count + 1 }, (_, chunk) => Math.min(chunk * chunkBytes, bytes));
  const digests = (await copyChunks({ from, starts: targets.subarray(0, count), targets, hash: 'blake3' })).slice();
  const chunking = fixedChunks(chunkBytes);
  const file = { path: name, bytes, executable: false };
  const made = makeDocument(
    { kind: 'file', name, hash: 'blake3', chunking, files: [file], emptyFolders: [] },
    { digests },
    hashes,
  );
  if (!made.ok) throw new ShoalError('manifestInvalid', `${listPath} cannot be used: ${made.detail}`);
  return { folder, document: made.value, chunkFiles, found, verified: false };
}

type ChunkFiles = Pick<ChunkFolder, 'chunkFiles' | 'found'>;

/** The chunks that are not there as they should be. */
export const troublesOf = ({ chunkFiles, found }: ChunkFiles, isThere: (chunk: number) => boolean): ChunkTrouble[] =>
  chunkFiles.flatMap((file, chunk) =>
    isThere(chunk) ? [] : [{ id: chunk + 1, file, problem: found[chunk] === undefined ? 'missing' : 'damaged' }],
  );

/** Tells and names them. */
export function troubleError(
  parts: ChunkFiles & Pick<ChunkFolder, 'folder'>,
  isThere: (chunk: number) => boolean,
  onTrouble: TroubleListener | undefined,
): ShoalError {
  const troubles = troublesOf(parts, isThere);
  for (const trouble of troubles) onTrouble?.(trouble);
  const named = troubles
    .slice(0, troublesNamed)
    .map(({ id, file, problem }) => `chunk ${id} (${showName(file)}) is ${problem}`);
  if (troubles.length > troublesNamed) named.push(`so are ${troubles.length - troublesNamed} more`);
  const code = troubles.some(({ problem }) => problem === 'damaged') ? 'verificationFailed' : 'notFound';
  return new ShoalError(code, `cannot join ${showName(parts.folder)}: ${named.join(', ')}`);
}

/** Undefined when there is no such file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw diskError(error, 'cannot read', path);
  }
}

/** Undefined when there is no such file. */
export function lookAtFile(diskPath: string): DiskFile | undefined {
  try {
    const stats = statSync(diskPath);
    return stats.isFile() ? { diskPath, bytes: stats.size, mtimeMs: stats.mtimeMs } : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String(errno(error)))) return undefined;
    throw diskError(error, 'cannot read', diskPath);
  }
}
