// A peer on a real carrier, with files on this disk.

export type { StreamOptions } from './file-reader.ts';
export * from './open-peer.ts';
export * from './transfer.ts';
