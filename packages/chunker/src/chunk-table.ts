// What is known of each chunk: its digest and, where chunks are content-defined, its size. Any run of chunks is written as
//   sizes (4 bytes each, big-endian; only if content-defined) | digests (32 bytes each)

import { type Chunking, largestChunk } from './chunking.ts';
import { digestBytes } from './hash.ts';

export interface ChunkTable {
  /** One after the other; `digestAt` finds one. */
  readonly digests: Uint8Array;
  /** Only of content-defined chunks: others follow from the chunking. */
  readonly sizes?: Uint32Array | undefined;
}

const sizeBytes = 4;

/** Size of what is written of one chunk. */
export const chunkRecordBytes = (chunking: Chunking): number =>
  digestBytes + (chunking.kind === 'fixed' ? 0 : sizeBytes);

/** The digest at `index` of a table, as a view. */
export const digestAt = (digests: Uint8Array, index: number): Uint8Array =>
  digests.subarray(index * digestBytes, (index + 1) * digestBytes);

export function encodeChunkTable({ digests, sizes }: ChunkTable): Uint8Array {
  if (sizes === undefined) return digests.slice();
  const bytes = new Uint8Array(sizes.length * sizeBytes + digests.length);
  const view = new DataView(bytes.buffer);
  for (const [index, size] of sizes.entries()) view.setUint32(index * sizeBytes, size);
  bytes.set(digests, sizes.length * sizeBytes);
  return bytes;
}

/** Reads the run of `count` chunks that `bytes` are; undefined when they are none. The digests are a view. */
export function decodeChunkTable(bytes: Uint8Array, count: number, chunking: Chunking): ChunkTable | undefined {
  if (bytes.length !== count * chunkRecordBytes(chunking)) return undefined;
  if (chunking.kind === 'fixed') return { digests: bytes };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const sizes = Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * sizeBytes));
  if (sizes.some((size) => size < 1 || size > largestChunk(chunking))) return undefined;
  return { digests: bytes.subarray(count * sizeBytes), sizes };
}
