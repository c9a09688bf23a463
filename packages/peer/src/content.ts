// What the core knows of a file-set's content: how many chunks, and how large each is. The bytes, the hashes and the
// files belong to the store, which the shell keeps.

/** The cut of one file-set. Chunks may differ in size (the last one always may). */
export interface ContentShape {
  readonly chunkCount: number;
  readonly totalBytes: number;
  /** Size of one chunk in bytes. */
  sizeOfChunk(chunk: number): number;
}

/** Chunks of `chunkBytes` each, the last one with what is left. */
export const fixedShape = (totalBytes: number, chunkBytes: number): ContentShape => ({
  chunkCount: Math.ceil(totalBytes / chunkBytes),
  totalBytes,
  sizeOfChunk: (chunk) => Math.min(chunkBytes, totalBytes - chunk * chunkBytes),
});
