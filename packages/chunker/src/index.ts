// Files and chunks without the world: layout, names, hashing by given bodies, manifests, tickets, a store in memory.

export * from './chosen-chunking.ts';
export * from './chunk-cutter.ts';
export * from './chunk-size.ts';
export * from './content-defined/sizes.ts';
export * from './chunk-store.ts';
export * from './chunk-summary.ts';
export * from './chunk-table.ts';
export * from './chunking.ts';
export * from './decoded.ts';
export * from './describe-content.ts';
export * from './hash.ts';
export * from './hash-tree.ts';
export * from './layout.ts';
export * from './local-chunks.ts';
export * from './manifest.ts';
export * from './manifest-assembly.ts';
export * from './manifest-document.ts';
export * from './manifest-entry.ts';
export * from './manifest-header.ts';
export * from './manifest-parts.ts';
export * from './memory-chunk-store.ts';
export * from './path-set.ts';
export * from './range-proof.ts';
export * from './safe-path.ts';
export * from './swarm-id.ts';
export * from './ticket.ts';
export { loadWasmHashes } from './wasm-hashes.ts';
