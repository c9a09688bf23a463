// How content is cut, from what somebody wishes and how much of it there is.

import { UsageError } from '@shoal/machine';
import { chunkBytesFor } from './chunk-size.ts';
import { type Chunking, fixedChunks } from './chunking.ts';
import { contentDefinedFor } from './content-defined/sizes.ts';

export interface ChunkingWishes {
  /**
   * By default fixed. Content-defined chunks are cut where the bytes say so: of an edited file, or of the next release of a
   * folder, most chunks are those that were there before.
   */
  readonly chunking?: Chunking['kind'];
  /**
   * Wanted chunk size in bytes, of content-defined chunks on average; by default `chunkBytesFor` or `contentDefinedFor`
   * decides. Content of at least 5 bytes has at least 5 chunks.
   */
  readonly chunkBytes?: number;
}

export function chunkingFor({ chunking = 'fixed', chunkBytes }: ChunkingWishes, totalBytes: number): Chunking {
  if (chunking === 'fixed') return fixedChunks(chunkBytesFor(totalBytes, chunkBytes));
  if (chunking === 'contentDefined') return contentDefinedFor(totalBytes, chunkBytes);
  throw new UsageError('chunking', 'is fixed or contentDefined');
}
