// What the browser test calls in its page: the package's root entry with WebAssembly hashes, and the vectors.

import {
  type ContentDefinedChunking,
  describeContent,
  type HashSuite,
  loadWasmHashes,
  MemoryChunkStore,
} from '../../src/index.ts';
import { FastCdc } from '../../src/content-defined/fast-cdc.ts';
import { hashedBytes, noiseBytes } from '../content-defined/some-bytes.ts';
import { patterned, type VectorSet } from '../vector-sets.ts';
import { describeSet, type Form } from './describe-set.ts';

export interface Page {
  swarmId(set: VectorSet, form: Form): Promise<string>;
  cuts(bytes: number, chunking: ContentDefinedChunking): number[];
  /** The digest, in hexadecimal, of so many patterned bytes, or of a text. */
  digest(hash: keyof HashSuite, input: string): string;
  /** The swarmId of a File of noise in content-defined chunks, and whether a store took all of its slices. */
  shareFile(bytes: number): Promise<{ swarmId: string; stored: boolean }>;
}

async function openPage(): Promise<Page> {
  const hashes = await loadWasmHashes();
  return {
    swarmId: (set, form) => describeSet(set, form, hashes),
    digest(hash, input) {
      const bytes = /^\d+$/.test(input) ? patterned(Number(input)) : new TextEncoder().encode(input);
      return Array.from(hashes[hash].digest(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
    cuts(bytes, chunking) {
      const finder = new FastCdc(chunking, bytes);
      finder.buffer.set(hashedBytes(bytes));
      const cuts: number[] = [];
      while ((cuts.at(-1) ?? 0) < bytes) cuts.push(finder.cut(cuts.at(-1) ?? 0, bytes));
      return cuts;
    },
    async shareFile(bytes) {
      const file = new File([new Uint8Array(noiseBytes(bytes))], 'noise');
      const files = [{ path: file.name, body: file }];
      const described = await describeContent({
        kind: 'file',
        name: file.name,
        files,
        chunking: 'contentDefined',
        hashes,
      });
      if (!described.ok) return { swarmId: described.detail, stored: false };
      const { layout, swarmId } = described.value;
      const store = new MemoryChunkStore({ document: described.value, hashes });
      for (let chunk = 0; chunk < layout.chunkCount; chunk += 1) {
        const start = layout.chunkStart(chunk);
        const slice = await file.slice(start, start + layout.sizeOfChunk(chunk)).arrayBuffer();
        await store.writeChunk(chunk, new Uint8Array(slice));
      }
      return { swarmId, stored: store.held.isFull };
    },
  };
}

Object.assign(globalThis, { shoal: openPage() });
