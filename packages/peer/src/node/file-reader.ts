// One file of a transfer as a stream, while it arrives: each pull waits for the next chunk, which was verified when it was
// stored and is again when it is read, and tells the swarm where the reader is, so that what lies before it comes first.
// Nothing is read before it is asked for. Once the files stand under their names the rest is read from there.

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestDocument } from '@shoal/chunker';
import { ShoalError, UsageError } from '@shoal/machine';
import type { ReadingPlace } from '../picking/demand.ts';

/** Bytes of the file from `start` up to, not including, `end`; all unless given. */
export interface StreamOptions {
  readonly start?: number;
  readonly end?: number;
  /** Fails the stream with its reason. */
  readonly signal?: AbortSignal;
}

/** The transfer as a reader sees it. */
export interface ReadingHost {
  /** Undefined as long as it is unknown. */
  readonly document: ManifestDocument | undefined;
  /** Where the files stand, once they do. */
  readonly finishedAt: string | undefined;
  /** Why nothing more comes. */
  readonly failure: ShoalError | undefined;
  isWanted(path: string): boolean;
  /** The file is wanted, whatever was selected. */
  include(path: string): void;
  /** Tells the swarm where a reader is; undefined: it has gone. */
  place(reader: number, place: ReadingPlace | undefined): void;
  /** The bytes of a chunk; undefined while it is not held. */
  read(chunk: number): Promise<Uint8Array | undefined>;
  /** Settles when something of all this may have changed. */
  changed(): Promise<void>;
}

const pieceBytesMax = 262_144; // of a finished file, at once

/** What is left of a file to be read, in bytes of the whole byte space. */
interface Span {
  readonly fileStart: number;
  readonly path: string;
  at: number;
  readonly end: number;
}

export class FileReader {
  readonly #host: ReadingHost;
  readonly #number: number;
  readonly #path: string | undefined;
  readonly #options: StreamOptions;
  #span: Span | undefined;
  #placedAt: number | undefined;
  #hasEnded = false;

  /** Without a path, the only file that is wanted. */
  constructor(host: ReadingHost, number: number, path: string | undefined, options: StreamOptions) {
    const { start = 0, end = Number.MAX_SAFE_INTEGER } = options;
    if (!Number.isSafeInteger(start) || start < 0) throw new UsageError('start', 'must be a whole number from 0');
    if (!Number.isSafeInteger(end) || end < start) throw new UsageError('end', 'must be a whole number from start on');
    this.#host = host;
    this.#number = number;
    this.#path = path;
    this.#options = options;
  }

  stream(): ReadableStream<Uint8Array> {
    const { signal } = this.#options;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const abort = (): void => {
            this.#end();
            controller.error(signal?.reason);
          };
          if (signal?.aborted === true) abort();
          else signal?.addEventListener('abort', abort, { once: true });
        },
        pull: async (controller) => {
          const bytes = await this.#next();
          if (this.#hasEnded) return;
          if (bytes !== undefined) return controller.enqueue(bytes);
          this.#end();
          controller.close();
        },
        cancel: () => this.#end(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Undefined at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    try {
      while (!this.#hasEnded) {
        const changed = this.#host.changed();
        const bytes = await this.#tryNext();
        if (bytes !== undefined) return bytes.length === 0 ? undefined : bytes;
        await changed;
      }
      return undefined;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** No bytes at the end; undefined as long as there is nothing yet. */
  async #tryNext(): Promise<Uint8Array | undefined> {
    const { document, finishedAt, failure } = this.#host;
    if (failure !== undefined) throw failure;
    if (document === undefined) return undefined;
    this.#span ??= this.#locate(document);
    const span = this.#span;
    if (span.at === span.end) return new Uint8Array(0);
    const bytes =
      finishedAt === undefined ? await this.#fromChunk(document, span) : await fromFile(finishedAt, document, span);
    span.at += bytes?.length ?? 0;
    return bytes;
  }

  async #fromChunk({ layout }: ManifestDocument, span: Span): Promise<Uint8Array | undefined> {
    const chunk = layout.chunkAt(span.at);
    if (this.#placedAt !== chunk)
      this.#host.place(this.#number, { first: chunk, end: layout.chunkAt(span.end - 1) + 1 });
    this.#placedAt = chunk;
    const bytes = await this.#host.read(chunk);
    const start = layout.chunkStart(chunk);
    return bytes?.subarray(span.at - start, span.end - start);
  }

  #locate({ manifest, layout }: ManifestDocument): Span {
    const { start = 0, end = Number.MAX_SAFE_INTEGER } = this.#options;
    const choice = manifest.files.filter(({ path }) => this.#path === undefined && this.#host.isWanted(path));
    if (choice.length > 1) throw new ShoalError('notFound', `${manifest.name} has several files: name one of them`);
    const wanted = this.#path ?? choice[0]?.path ?? '';
    const file = manifest.files.findIndex(({ path }) => path === wanted);
    if (file < 0) throw new ShoalError('notFound', `${manifest.name} has no file ${JSON.stringify(wanted)}`);
    const bytes = layout.sizeOfFile(file);
    if (start > bytes) throw new UsageError('start', `${wanted} has only ${bytes} bytes`);
    this.#host.include(wanted);
    const fileStart = layout.endOfFile(file) - bytes;
    return { fileStart, path: wanted, at: fileStart + start, end: fileStart + Math.min(end, bytes) };
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#host.place(this.#number, undefined);
  }
}

async function fromFile(destination: string, { manifest }: ManifestDocument, span: Span): Promise<Uint8Array> {
  const path = manifest.kind === 'file' ? destination : join(destination, span.path);
  const bytes = new Uint8Array(Math.min(pieceBytesMax, span.end - span.at));
  try {
    await using file = await open(path);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, span.at - span.fileStart);
    if (bytesRead > 0) return bytes.subarray(0, bytesRead);
  } catch (cause) {
    throw new ShoalError('diskFailed', `cannot read ${path}`, { cause });
  }
  throw new ShoalError('contentChanged', `${path} was cut short by somebody else: get it again`);
}
