// A peer on a real carrier, with files on this disk.

export type { StreamOptions } from './file-reader.ts';
export type { DraftStore, GatherOptions, Gathering } from './gathering.ts';
export type { FoundTicket, KeepCodeOptions, KeptCode, UseCodeOptions } from './meetings.ts';
export { lanGroups } from './lan-discovery.ts';
export * from './open-peer.ts';
export * from './peer-options.ts';
export * from './running-peer.ts';
export * from './transfer.ts';
