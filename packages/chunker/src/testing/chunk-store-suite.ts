// The promises of ChunkStore as cases that any body must pass. They know no test runner: each fails by throwing.
//   for (const { name, run } of chunkStoreCases) test(name, () => run(body));

import { bytesEqual, InvariantError, invariant, ShoalError } from '@shoal/machine';
import type { ChunkStore } from '../chunk-store.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { sampleSet, type SampleSet } from './sample-set.ts';

/** How a body is brought to life for one case. Each call is about a new place where nothing was kept before. */
export interface ChunkStoreBody {
  /** A store that holds nothing; undefined for a body that cannot. */
  readonly empty?: (document: ManifestDocument) => Promise<ChunkStore>;
  /** A store that holds the whole set. */
  readonly full: (set: SampleSet) => Promise<ChunkStore>;
}

export interface ChunkStoreCase {
  readonly name: string;
  readonly run: (body: ChunkStoreBody) => Promise<void>;
}

/** Sizes of files, in bytes, and of chunks when they have not 1,000 each. */
const shapes: Readonly<Record<string, Parameters<typeof sampleSet>>> = {
  'nothing at all': [[]],
  'an empty file': [[0]],
  'a single byte': [[1]],
  'less than a chunk': [[999]],
  'a chunk': [[1000]],
  'a chunk and a byte': [[1001]],
  'files that end inside chunks': [[1500, 0, 2499, 1, 1000]],
  'many files in one chunk': [Array.from({ length: 60 }, (_, index) => index)],
  'chunks of their own sizes': [
    [1500, 0, 2499, 1, 1000],
    [1, 2000, 999, 1500, 500],
  ],
};

const readingCases: readonly ChunkStoreCase[] = Object.entries(shapes).map(([shape, sizes]) => ({
  name: `a full store of ${shape} reads out every chunk, and has it already`,
  async run(body) {
    const set = sampleSet(...sizes);
    const store = await body.full(set);
    invariant(store.chunkCount === set.chunks.length && store.held.length === store.chunkCount, 'it has every chunk');
    invariant(store.held.isFull, 'it holds everything');
    for (const [chunk, bytes] of set.chunks.entries()) {
      invariant(bytesEqual(await store.readChunk(chunk), bytes), `chunk ${chunk} is read as it is`);
      const into = new Uint8Array(bytes.length);
      invariant(bytesEqual(await store.readChunk(chunk, into), bytes), `chunk ${chunk} is read into given memory`);
      invariant((await store.writeChunk(chunk, bytes)) === 'alreadyHeld', `chunk ${chunk} is had already`);
    }
    await store.finish();
    await store.close();
  },
}));

const writingCases: readonly ChunkStoreCase[] = Object.entries(shapes).map(([shape, sizes]) => ({
  name: `an empty store of ${shape} takes its chunks in any order`,
  async run(body) {
    if (body.empty === undefined) return;
    const set = sampleSet(...sizes);
    const store = await body.empty(set.document);
    invariant(store.held.count === 0, 'it holds nothing yet');
    for (let chunk = set.chunks.length - 1; chunk >= 0; chunk -= 1) {
      invariant(!store.held.has(chunk), `chunk ${chunk} is not held before`);
      invariant((await store.writeChunk(chunk, set.chunks[chunk]!)) === 'stored', `chunk ${chunk} is stored`);
      invariant(store.held.has(chunk), `chunk ${chunk} is held after`);
    }
    for (const [chunk, bytes] of set.chunks.entries())
      invariant(bytesEqual(await store.readChunk(chunk), bytes), `chunk ${chunk} is read before the end`);
    await store.finish();
    await store.finish();
    for (const [chunk, bytes] of set.chunks.entries())
      invariant(bytesEqual(await store.readChunk(chunk), bytes), `chunk ${chunk} is read after the end`);
    await store.close();
  },
}));

/** The first file of a sample set. */
const only = (path: string): boolean => path === '0000';

const faultCases: readonly ChunkStoreCase[] = [
  {
    name: 'a damaged, short or long chunk is told and never held',
    async run(body) {
      if (body.empty === undefined) return;
      const set = sampleSet([2500]);
      const store = await body.empty(set.document);
      const right = set.chunks[1]!;
      const flipped = right.slice();
      flipped[500]! ^= 1;
      for (const bytes of [flipped, right.subarray(1), new Uint8Array(1001), new Uint8Array(0), set.chunks[0]!])
        invariant((await store.writeChunk(1, bytes)) === 'damaged', 'it is damaged');
      invariant(store.held.count === 0, 'nothing is held');
      await fails('notFound', () => store.readChunk(1));
      invariant((await store.writeChunk(1, right)) === 'stored', 'the right one is still taken');
      await store.close();
    },
  },
  {
    name: 'the same chunk written twice at once is stored once',
    async run(body) {
      if (body.empty === undefined) return;
      const set = sampleSet([5000]);
      const store = await body.empty(set.document);
      const outcomes = await Promise.all([0, 1, 0, 1, 0].map((chunk) => store.writeChunk(chunk, set.chunks[chunk]!)));
      invariant(outcomes.filter((outcome) => outcome === 'stored').length === 2, 'each is stored once');
      invariant(outcomes.filter((outcome) => outcome === 'alreadyHeld').length === 3, 'the others were had already');
      await store.close();
    },
  },
  {
    name: 'what is missing keeps it from being finished, until it is there',
    async run(body) {
      if (body.empty === undefined) return;
      const set = sampleSet([1500, 1500]);
      const store = await body.empty(set.document);
      await store.writeChunk(0, set.chunks[0]!);
      await store.writeChunk(2, set.chunks[2]!);
      await fails('unfinished', () => store.finish());
      await store.writeChunk(1, set.chunks[1]!);
      await store.finish();
      await store.close();
    },
  },
  {
    name: 'some files can be finished alone, and what is held afterwards verifies',
    async run(body) {
      if (body.empty === undefined) return;
      const set = sampleSet([1500, 2000, 0, 700]);
      const store = await body.empty(set.document);
      await store.writeChunk(0, set.chunks[0]!);
      await fails('unfinished', () => store.finish({ only }));
      await store.writeChunk(1, set.chunks[1]!);
      await fails('unfinished', () => store.finish());
      await store.finish({ only });
      invariant(store.held.has(0), 'a chunk of chosen files alone stays');
      for (const chunk of store.held.ones())
        invariant(bytesEqual(await store.readChunk(chunk), set.chunks[chunk]!), `chunk ${chunk} is read after the end`);
      await store.close();
    },
  },
  {
    name: 'bytes handed in may change afterwards, bytes handed out stay',
    async run(body) {
      if (body.empty === undefined) return;
      const set = sampleSet([1000]);
      const store = await body.empty(set.document);
      const given = set.chunks[0]!.slice();
      await store.writeChunk(0, given);
      given.fill(0);
      invariant(bytesEqual(await store.readChunk(0), set.chunks[0]!), 'the store kept bytes of its own');
      await store.close();
    },
  },
  {
    name: 'a chunk that is not in the set is a fault of the caller',
    async run(body) {
      const set = sampleSet([2500]);
      const store = await body.full(set);
      for (const chunk of [-1, 3, 0.5, Number.NaN]) {
        await breaks(() => store.readChunk(chunk));
        await breaks(() => store.writeChunk(chunk, new Uint8Array(1)));
      }
      await store.close();
    },
  },
];

export const chunkStoreCases: readonly ChunkStoreCase[] = [...readingCases, ...writingCases, ...faultCases];

async function fails(code: string, call: () => Promise<unknown>): Promise<void> {
  const error = await thrownBy(call);
  invariant(error instanceof ShoalError && error.code === code, `it fails with ${code}, not ${String(error)}`);
}

async function breaks(call: () => Promise<unknown>): Promise<void> {
  invariant((await thrownBy(call)) instanceof InvariantError, 'an invariant fails');
}

async function thrownBy(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}
