// The streams of one transfer, and what they need to know of it.

import type { ManifestDocument } from '@shoal/chunker';
import type { ShoalError } from '@shoal/machine';
import { FileReader, type ReadingHost, type StreamOptions } from './file-reader.ts';

/** What the transfer does for them. */
export type FileReadersOptions = Pick<ReadingHost, 'place' | 'read' | 'isWanted' | 'include'>;

export class FileReaders implements ReadingHost {
  readonly place: ReadingHost['place'];
  readonly read: ReadingHost['read'];
  readonly isWanted: ReadingHost['isWanted'];
  readonly include: ReadingHost['include'];
  document: ManifestDocument | undefined;
  finishedAt: string | undefined;
  failure: ShoalError | undefined;
  #bell = Promise.withResolvers<void>();
  #count = 0;

  constructor({ place, read, isWanted, include }: FileReadersOptions) {
    this.place = place;
    this.read = read;
    this.isWanted = isWanted;
    this.include = include;
  }

  open(path: string | undefined, options: StreamOptions): ReadableStream<Uint8Array> {
    this.#count += 1;
    return new FileReader(this, this.#count, path, options).stream();
  }

  changed(): Promise<void> {
    return this.#bell.promise;
  }

  /** Chunks have come, or something else that may be waited for. */
  ring(): void {
    this.#bell.resolve();
    this.#bell = Promise.withResolvers();
  }

  /** The store is open: chunks can be asked for and read. */
  ready(document: ManifestDocument): void {
    this.document = document;
    this.ring();
  }

  /** All files stand under their names, at or below `destination`. */
  finished(destination: string): void {
    this.finishedAt = destination;
    this.ring();
  }

  /** Nothing more comes. Whoever reads finished files is not concerned. */
  fail(error: ShoalError): void {
    if (this.finishedAt === undefined) this.failure ??= error;
    this.ring();
  }
}
