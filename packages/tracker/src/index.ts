// Who holds which chunk: the tracker's logic, its store, and the client that a peer keeps for each tracker.

export * from './client.ts';
