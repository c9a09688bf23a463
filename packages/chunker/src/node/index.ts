// Files and chunks on a disk, by Node: manifests of what is there, stores for what comes, the fastest hashes.

export { type ChunkTrouble, readSummary } from './chunk-folder.ts';
export * from './chunk-folder-store.ts';
export * from './create-manifest.ts';
export * from './draft-folder.ts';
export * from './file-chunk-store.ts';
export * from './hashes.ts';
export * from './join.ts';
export * from './plan.ts';
export * from './scan-files.ts';
export * from './seed-store.ts';
export * from './split.ts';
export {
  type FileTrouble,
  manifestOfChunks,
  type Verified,
  verifyChunks,
  verifyContent,
  type VerifyOptions,
} from './verify.ts';
