// A peer on a real carrier, with files on this disk.

export * from './open-peer.ts';
export * from './transfer.ts';
