// How a file-set is cut. Fixed: chunks of one size, the last one smaller. Content-defined (FastCDC): cuts where the bytes
// themselves say so, so that an insertion moves the cuts with it; then each chunk has a size of its own.

import { chunkBytesMax } from './chunk-size.ts';

export type Chunking =
  | { readonly kind: 'fixed'; readonly chunkBytes: number }
  /** The parameters are kept so that others can cut what they have in the same places. */
  | {
      readonly kind: 'contentDefined';
      readonly minBytes: number;
      readonly averageBytes: number;
      readonly maxBytes: number;
    };

export type ContentDefinedChunking = Extract<Chunking, { readonly kind: 'contentDefined' }>;

export const fixedChunks = (chunkBytes: number): Chunking => ({ kind: 'fixed', chunkBytes });

/** As it is written: one number, or the three. */
export const chunkingNumbers = (chunking: Chunking): readonly number[] =>
  chunking.kind === 'fixed' ? [chunking.chunkBytes] : [chunking.minBytes, chunking.averageBytes, chunking.maxBytes];

/** The chunking written as these numbers; undefined when there is none. */
export function chunkingOf(numbers: readonly number[]): Chunking | undefined {
  const isRising = numbers.every((bytes, index) => bytes >= (numbers[index - 1] ?? 1) && bytes <= chunkBytesMax);
  const [first, averageBytes, maxBytes] = numbers;
  if (first === undefined || !isRising) return undefined;
  if (numbers.length === 1) return fixedChunks(first);
  if (averageBytes === undefined || maxBytes === undefined || numbers.length > 3) return undefined;
  return { kind: 'contentDefined', minBytes: first, averageBytes, maxBytes };
}

/** Most bytes of one chunk. */
export const largestChunk = (chunking: Chunking): number =>
  chunking.kind === 'fixed' ? chunking.chunkBytes : chunking.maxBytes;
