// A chunk store in memory: for simulations, tests and small sets in a browser. It also does everything at once
// (`readNow`, `writeNow`), for callers in virtual time.

import { Bitfield, invariant, ShoalError } from '@shoal/machine';
import type { ChunkStore, FinishOptions, HeldChunks, WriteOutcome } from './chunk-store.ts';
import { checkComplete } from './file-choice.ts';
import type { HashSuite } from './hash.ts';
import type { Layout } from './layout.ts';
import { chunkVerifies, type ManifestDocument } from './manifest-document.ts';

export interface MemoryChunkStoreOptions {
  readonly document: ManifestDocument;
  readonly hashes: HashSuite;
  /** The whole byte space, when all of it is held from the start. */
  readonly content?: Uint8Array;
  /** Keeps written chunks as they are handed in, without a copy: they must then never change. */
  readonly keepReferences?: boolean;
}

export class MemoryChunkStore implements ChunkStore {
  readonly document: ManifestDocument;
  readonly #hashes: HashSuite;
  readonly #keepReferences: boolean;
  readonly #chunks: (Uint8Array | undefined)[];
  readonly #held: Bitfield;

  constructor({ document, hashes, content, keepReferences = false }: MemoryChunkStoreOptions) {
    const { layout } = document;
    this.document = document;
    this.#hashes = hashes;
    this.#keepReferences = keepReferences;
    this.#held = new Bitfield(layout.chunkCount);
    this.#chunks = Array.from<Uint8Array | undefined>({ length: layout.chunkCount });
    if (content === undefined) return;
    invariant(content.length === layout.totalBytes, 'the content is the whole set');
    for (let chunk = 0; chunk < layout.chunkCount; chunk += 1) {
      const start = layout.chunkStart(chunk);
      const outcome = this.writeNow(chunk, content.subarray(start, start + layout.sizeOfChunk(chunk)));
      invariant(outcome === 'stored', 'the content is that of the document');
    }
  }

  get chunkCount(): number {
    return this.#chunks.length;
  }

  get layout(): Layout {
    return this.document.layout;
  }

  get held(): HeldChunks {
    return this.#held;
  }

  /** As `readChunk`, at once; undefined when the chunk is not held. */
  readNow(chunk: number): Uint8Array | undefined {
    invariant(Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount, 'the chunk is one of the set');
    return this.#chunks[chunk];
  }

  /** As `writeChunk`, at once. */
  writeNow(chunk: number, bytes: Uint8Array): WriteOutcome {
    if (this.readNow(chunk) !== undefined) return 'alreadyHeld';
    if (!chunkVerifies(this.document, chunk, bytes, this.#hashes)) return 'damaged';
    this.#chunks[chunk] = this.#keepReferences ? bytes : bytes.slice();
    this.#held.set(chunk);
    return 'stored';
  }

  async readChunk(chunk: number): Promise<Uint8Array> {
    const bytes = this.readNow(chunk);
    if (bytes === undefined) throw new ShoalError('notFound', `chunk ${chunk} is not held`);
    return bytes;
  }

  async writeChunk(chunk: number, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.writeNow(chunk, bytes);
  }

  async finish({ only }: FinishOptions = {}): Promise<void> {
    checkComplete(this.document, this.#held, only);
  }

  async close(): Promise<void> {}
}
