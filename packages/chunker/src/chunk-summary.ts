// The summary beside a set that was split into one file a chunk: a text that people read and `join` checks everything by.
//
//   shoal chunks 1
//   name photos                       then kind, hash, chunking and swarmId
//   files 2
//   5 - notes.txt                     bytes, `x` if executable, path
//   empty folders 0                   each a path
//   chunks 5
//   1 102400 af13…49b2 chunk-1        id (from 1 on), bytes, digest, file name
//
// The swarmId binds all but the file names, so a summary that was damaged is noticed.

import { fromHex, toHex } from '@shoal/machine';
import { chunkCountMax } from './chunk-size.ts';
import { digestAt } from './chunk-table.ts';
import { type Chunking, chunkingNumbers, chunkingOf, largestChunk } from './chunking.ts';
import { type Decoded, decoded, refused } from './decoded.ts';
import { digestBytes, hashNames, type HashSuite } from './hash.ts';
import { makeDocument, type ManifestDocument } from './manifest-document.ts';
import type { ManifestFile } from './manifest-entry.ts';
import { manifestEntriesMax, type ManifestProblem } from './manifest-header.ts';
import { nameProblem, showName } from './safe-path.ts';

export interface ChunkSummary {
  readonly document: ManifestDocument;
  /** The name of each chunk's file. */
  readonly chunkFiles: readonly string[];
}

export const summaryName = 'summary.txt';

const title = 'shoal chunks 1';

export function formatSummary({ document, chunkFiles }: ChunkSummary): string {
  const { swarmId, manifest, layout, digests } = document;
  const { name, kind, hash, chunking, files, emptyFolders } = manifest;
  const lines = [
    title,
    `name ${name}`,
    `kind ${kind}`,
    `hash ${hash}`,
    `chunking ${chunkingNumbers(chunking).join(' ')}`,
  ];
  lines.push(`swarmId ${swarmId}`, `files ${files.length}`);
  for (const { bytes, executable, path } of files) lines.push(`${bytes} ${executable ? 'x' : '-'} ${path}`);
  lines.push(`empty folders ${emptyFolders.length}`, ...emptyFolders, `chunks ${chunkFiles.length}`);
  for (const [chunk, file] of chunkFiles.entries())
    lines.push(`${chunk + 1} ${layout.sizeOfChunk(chunk)} ${toHex(digestAt(digests, chunk))} ${file}`);
  return `${lines.join('\n')}\n`;
}

export function parseSummary(text: string, hashes: HashSuite): Decoded<ChunkSummary, ManifestProblem> {
  const lines = new Lines(text);
  if (lines.field(title) !== '') return refused('malformed', `it does not begin with "${title}"`);
  const name = lines.field('name ');
  const kind = lines.field('kind ') === 'folder' ? 'folder' : 'file';
  const hash = oneOf(hashNames, lines.field('hash '));
  const chunking = readChunking(lines.field('chunking '));
  const swarmId = lines.field('swarmId ');
  const files = lines.list('files ', manifestEntriesMax, readFile);
  const emptyFolders = lines.list('empty folders ', manifestEntriesMax, (line) => line);
  const chunks = lines.list('chunks ', chunkCountMax, readChunk);
  const isOrdered = chunks.every(({ id }, index) => id === index + 1);
  if (!lines.done || hash === undefined || chunking === undefined || !isOrdered)
    return refused('malformed', `it is not written as shoal writes one, from line ${lines.number} on`);
  const unsafe = chunks.find(({ file }) => nameProblem(file) !== undefined);
  if (unsafe !== undefined) return refused('nameUnsafe', `it names ${showName(unsafe.file)}`);

  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const sizes = Uint32Array.from(chunks, ({ bytes }) => bytes);
  const hasAll = sizes.reduce((sum, size) => sum + size, 0) === totalBytes;
  if (!hasAll || !hasSizesOf(sizes, largestChunk(chunking), chunking.kind === 'fixed'))
    return refused('mismatch', 'its files and its chunks have different sizes');
  const digests = new Uint8Array(chunks.length * digestBytes);
  for (const [chunk, { digest }] of chunks.entries()) digests.set(digest, chunk * digestBytes);
  const manifest = { name, kind, hash, chunking, files, emptyFolders } as const;
  const made = makeDocument(manifest, chunking.kind === 'fixed' ? { digests } : { digests, sizes }, hashes);
  if (!made.ok) return made;
  if (made.value.swarmId !== swarmId) return refused('mismatch', 'it was changed: it is not what its swarmId names');
  return decoded({ document: made.value, chunkFiles: chunks.map(({ file }) => file) });
}

const readChunking = (text: string): Chunking | undefined =>
  /^\d{1,7}( \d{1,7})*$/.test(text) ? chunkingOf(text.split(' ').map(Number)) : undefined;

function readFile(line: string): ManifestFile | undefined {
  const match = /^(\d{1,16}) ([x-]) (.+)$/.exec(line);
  return match === null ? undefined : { bytes: Number(match[1]), executable: match[2] === 'x', path: match[3]! };
}

function readChunk(line: string): { id: number; bytes: number; digest: Uint8Array; file: string } | undefined {
  const match = /^(\d{1,6}) (\d{1,7}) ([0-9a-f]{64}) (.+)$/.exec(line);
  if (match === null) return undefined;
  return { id: Number(match[1]), bytes: Number(match[2]), digest: fromHex(match[3]!)!, file: match[4]! };
}

/** Fixed chunks are all as large as the largest, but for the last one. */
const hasSizesOf = (sizes: Uint32Array, largest: number, isFixed: boolean): boolean =>
  sizes.every(
    (size, chunk) => size > 0 && size <= largest && (!isFixed || size === largest || chunk === sizes.length - 1),
  );

const oneOf = <T extends string>(known: readonly T[], text: string): T | undefined => known.find((one) => one === text);

/** The lines of a summary, one after the other; the first that is not as expected spoils all that follow. */
class Lines {
  readonly #lines: readonly string[];
  #next = 0;
  #failed = false;

  constructor(text: string) {
    this.#lines = text.split(/\r?\n/);
  }

  /** Of the line read last. */
  get number(): number {
    return this.#next;
  }

  get done(): boolean {
    return !this.#failed && this.#lines.slice(this.#next).every((line) => line === '');
  }

  /** What follows `label` on the next line. */
  field(label: string): string {
    const line = this.#take();
    if (line.startsWith(label)) return line.slice(label.length);
    this.#failed = true;
    return '?';
  }

  /** A count after `label`, at most `countMax`, then as many lines. */
  list<T>(label: string, countMax: number, read: (line: string) => T | undefined): T[] {
    const text = this.field(label);
    const count = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    const items: T[] = [];
    if (!(count >= 0 && count <= countMax)) this.#failed = true;
    while (!this.#failed && items.length < count) {
      const item = read(this.#take());
      if (item === undefined) this.#failed = true;
      else items.push(item);
    }
    return items;
  }

  #take(): string {
    if (this.#failed) return '';
    const line = this.#lines[this.#next];
    this.#next += 1;
    if (line === undefined) this.#failed = true;
    return line ?? '';
  }
}
