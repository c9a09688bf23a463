// Who holds which chunk: the tracker's logic, its store, and the client that a peer keeps for each tracker.

export * from './client.ts';
export * from './client-config.ts';
export * from './located.ts';
export * from './memory/memory-store.ts';
export * from './memory-tracker.ts';
export * from './store.ts';
export * from './tracker.ts';
export * from './tracker-config.ts';
export * from './voice.ts';
