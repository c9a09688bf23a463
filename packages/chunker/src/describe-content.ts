// The manifest of content that comes as streams: `File`s and `Blob`s of a browser, answers of `fetch`, anything whose size
// is known before. Read once from front to end, in memory that does not grow with the content.

import { invariant } from '@shoal/machine';
import { ChunkCutter } from './chunk-cutter.ts';
import { ChunkRun } from './chunk-run.ts';
import { chunkingFor, type ChunkingWishes } from './chosen-chunking.ts';
import { type Decoded, refused } from './decoded.ts';
import type { HashName, HashSuite } from './hash.ts';
import { Layout } from './layout.ts';
import { makeDocument, type ManifestDocument } from './manifest-document.ts';
import type { ManifestProblem } from './manifest-header.ts';
import { comparePaths } from './path-set.ts';

/** A `Blob` or `File` is one; so is a `ReadableStream` with its size: `{ size, stream: () => readable }`. */
export interface ContentBody {
  readonly size: number;
  stream(): ByteStream;
}

/** What is used of a `ReadableStream` of bytes. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<unknown>;
  };
}

export interface ContentFile {
  /** Relative, names separated by '/'; of a single file, its name. */
  readonly path: string;
  readonly body: ContentBody;
  readonly executable?: boolean;
}

export interface DescribeContentOptions extends ChunkingWishes {
  readonly kind: 'file' | 'folder';
  readonly name: string;
  /** In any order. */
  readonly files: readonly ContentFile[];
  readonly emptyFolders?: readonly string[];
  /** By default BLAKE3. */
  readonly hash?: HashName;
  readonly hashes: HashSuite;
  /** Told now and then how far it is. */
  readonly onProgress?: (hashedBytes: number, totalBytes: number) => void;
}

/**
 * Reads and hashes everything. Answers a reason when it cannot be a manifest, or `mismatch` naming the file when a stream
 * is not as long as its size says. A stream that fails makes it reject with the stream's own error.
 */
export async function describeContent(
  options: DescribeContentOptions,
): Promise<Decoded<ManifestDocument, ManifestProblem>> {
  const { kind, name, hash = 'blake3', hashes, emptyFolders = [], onProgress } = options;
  const files = options.files.toSorted((a, b) => comparePaths(a.path, b.path));
  const layout = new Layout(
    files.map(({ body }) => body.size),
    Number.MAX_SAFE_INTEGER,
  );
  const { totalBytes } = layout;
  const chunking = chunkingFor(options, totalBytes);
  const cutter = new ChunkCutter(layout, chunking);
  const content = new ContentReader(files);
  const run = new ChunkRun();
  // What is in the cutter's buffer.
  let [from, to] = [0, 0];
  while (run.end < totalBytes) {
    const start = run.end;
    const end = cutter.endOfChunk(start, from, to);
    if (end !== undefined) {
      run.add(end, hashes[hash].digest(cutter.buffer.subarray(start - from, end - from)));
      continue;
    }
    cutter.buffer.copyWithin(0, start - from, to - from);
    const wanted = cutter.buffer.subarray(to - start, Math.min(cutter.buffer.length, totalBytes - start));
    if (!(await content.fill(wanted))) return content.mismatch();
    [from, to] = [start, to + wanted.length];
    onProgress?.(to, totalBytes);
  }
  if (!(await content.isAtEnd())) return content.mismatch();
  const listed = files.map(({ path, body, executable = false }) => ({ path, bytes: body.size, executable }));
  const sorted = emptyFolders.toSorted(comparePaths);
  return makeDocument({ kind, name, hash, chunking, files: listed, emptyFolders: sorted }, run.table(chunking), hashes);
}

/** The bytes of all files, one after the other. */
class ContentReader {
  readonly #files: readonly ContentFile[];
  #file = -1;
  /** Of the file that is read, still to come. */
  #left = 0;
  #reader: ReturnType<ByteStream['getReader']> | undefined;
  /** Came with the last piece, and is not used yet. */
  #piece: Uint8Array = new Uint8Array(0);

  constructor(files: readonly ContentFile[]) {
    this.#files = files;
  }

  /** False when a file is longer or shorter than it says. */
  async fill(target: Uint8Array): Promise<boolean> {
    for (let done = 0; done < target.length;) {
      if (this.#left === 0 && !(await this.#openNext())) return false;
      if (this.#piece.length === 0 && !(await this.#readPiece())) return this.#stop();
      const bytes = Math.min(this.#piece.length, target.length - done, this.#left);
      target.set(this.#piece.subarray(0, bytes), done);
      this.#piece = this.#piece.subarray(bytes);
      this.#left -= bytes;
      done += bytes;
    }
    return true;
  }

  /** The same when nothing may be left. */
  async isAtEnd(): Promise<boolean> {
    if (this.#piece.length > 0) return this.#stop();
    if (this.#reader !== undefined && (await this.#readPiece())) return this.#stop();
    this.#reader = undefined;
    return true;
  }

  mismatch(): Decoded<never, 'mismatch'> {
    const { path, body } = this.#files[this.#file]!;
    return refused('mismatch', `${JSON.stringify(path)} has not the ${body.size} bytes it should have`);
  }

  /** Goes on to the next file that has bytes, once this one is seen to end. */
  async #openNext(): Promise<boolean> {
    if (!(await this.isAtEnd())) return false;
    do this.#file += 1;
    while (this.#files[this.#file]?.body.size === 0);
    const file = this.#files[this.#file];
    invariant(file !== undefined, 'no more is asked for than there is');
    this.#left = file.body.size;
    this.#reader = file.body.stream().getReader();
    return true;
  }

  /** False when there is no more. */
  async #readPiece(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#reader!.read();
      if (done) return false;
      if (value === undefined || value.length === 0) continue;
      this.#piece = value;
      return true;
    }
  }

  async #stop(): Promise<false> {
    await this.#reader?.cancel();
    return false;
  }
}
