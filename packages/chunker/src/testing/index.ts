// For tests of whatever stores chunks: the suite every ChunkStore passes, and small file-sets made up from sizes.

export * from './chunk-store-suite.ts';
export * from './sample-set.ts';
