// Every message that crosses the network between peers and trackers, as typed values. `codec.ts` turns them into
// msgpack and back; behind it, code takes these types and checks nothing again (law 4).
// Bulk bytes (chunks, parts of manifests) travel beside a message as the body of an exchange, never inside it.

import type { Address, PeerId } from '@shoal/machine';

/** The version of all messages on this page; a message of another version decodes to the reason `version`. */
export const protocolVersion = 1;

/** Names a file-set: the 32-byte hash of its manifest, in lower-case hexadecimal. */
export type SwarmId = string & { readonly __swarmId: never };

/** The swarm named by `text`, or undefined when it is not 64 lower-case hexadecimal digits. */
export const swarmId = (text: string): SwarmId | undefined =>
  /^[0-9a-f]{64}$/.test(text) ? (text as SwarmId) : undefined;

/** A peer met elsewhere: where it is reached and, when known, who it is. */
export interface PeerContact {
  readonly address: Address;
  readonly peer?: PeerId;
}

// ---- peer to peer, one-way (link messages) ----

/** First message of each side on a link between peers. `listenPort` is there when it accepts links. */
export interface Hello {
  readonly type: 'hello';
  readonly agent: string;
  readonly listenPort?: number;
}

/** "I am in this swarm": opens it on the link. `bits` are the chunks held, as Bitfield bytes; empty while the manifest is unknown. */
export interface Join {
  readonly type: 'join';
  readonly swarm: SwarmId;
  readonly bits: Uint8Array;
}

/** "I have left this swarm." */
export interface Part {
  readonly type: 'part';
  readonly swarm: SwarmId;
}

/** Chunks that the sender now holds and serves. */
export interface Have {
  readonly type: 'have';
  readonly swarm: SwarmId;
  readonly chunks: readonly number[];
}

/** Whether the sender wants chunks that the remote holds. */
export interface Interest {
  readonly type: 'interest';
  readonly swarm: SwarmId;
  readonly interested: boolean;
}

/** Whether the sender serves requests of the remote. */
export interface Choke {
  readonly type: 'choke';
  readonly swarm: SwarmId;
  readonly choked: boolean;
}

/** Peers of a swarm introduced to another peer of it. */
export interface Peers {
  readonly type: 'peers';
  readonly swarm: SwarmId;
  readonly peers: readonly PeerContact[];
}

export type PeerMessage = Hello | Join | Part | Have | Interest | Choke | Peers;

// ---- peer to peer, exchanges ----

/** Asks for one chunk. The answer's body is the chunk. */
export interface ChunkRequest {
  readonly type: 'chunkRequest';
  readonly swarm: SwarmId;
  readonly chunk: number;
}

/** Asks for a part of the manifest bytes from `offset`. The answer's body is as much of it as fits one part. */
export interface ManifestRequest {
  readonly type: 'manifestRequest';
  readonly swarm: SwarmId;
  readonly offset: number;
}

export type PeerRequest = ChunkRequest | ManifestRequest;

export interface ChunkReply {
  readonly type: 'chunkReply';
  readonly chunk: number;
}

/** `totalBytes` is the size of the whole manifest. */
export interface ManifestReply {
  readonly type: 'manifestReply';
  readonly offset: number;
  readonly totalBytes: number;
}

export type PeerReply = ChunkReply | ManifestReply;

// ---- peer to tracker, exchanges ----

/** What a peer offers or wants: a file-set by name, size and chunking. */
export interface FileOffer {
  readonly name: string;
  readonly bytes: number;
  readonly chunkCount: number;
  readonly swarm: SwarmId;
}

/** Makes the asker known, reached at its observed host and `port`, and its files listed. A repeated register renews. */
export interface Register {
  readonly type: 'register';
  readonly port: number;
  readonly files: readonly FileOffer[];
}

/** Why a tracker said no to one file or request. */
export const refusals = [
  'nameUnsafe',
  'mismatch',
  'full',
  'unknownFile',
  'unknownPeer',
  'badChunk',
  'badAddress',
] as const;
export type Refusal = (typeof refusals)[number];

export interface RegisterReply {
  readonly type: 'registerReply';
  /** Per file of the request, in its order: null when accepted, otherwise the reason. */
  readonly refused: readonly (Refusal | null)[];
  /** The asker must announce again within this time or it is forgotten. */
  readonly intervalMs: number;
  /** The asker's address as the tracker sees it. */
  readonly observed: Address;
}

/** `filter` keeps names that contain it; an empty one keeps all. */
export interface FileList {
  readonly type: 'fileList';
  readonly filter: string;
  readonly offset: number;
}

export interface FileListing extends FileOffer {
  readonly seeders: number;
  readonly leechers: number;
}

export interface FileListReply {
  readonly type: 'fileListReply';
  /** How many files match, of which `files` is one page. */
  readonly total: number;
  readonly files: readonly FileListing[];
}

/** `file` is a swarm or, for people, a name. */
export interface FileLocations {
  readonly type: 'fileLocations';
  readonly file: { readonly swarm: SwarmId } | { readonly name: string };
}

export interface Holder {
  readonly address: Address;
  readonly peer: PeerId;
  /** How many chunks it holds; which ones is in the body of the answer. */
  readonly held: number;
}

/**
 * The answer's body holds, for each holder in order that has not all chunks, its Bitfield bytes
 * (`Bitfield.byteLength(file.chunkCount)` of them); a holder of all chunks adds nothing to it.
 */
export interface FileLocationsReply {
  readonly type: 'fileLocationsReply';
  /** Absent when the tracker knows no such file. */
  readonly file?: FileListing;
  /** How many peers hold some of it, of which `holders` is a bounded choice. */
  readonly total: number;
  readonly holders: readonly Holder[];
  /** Chunk indices from the rarest to the most common, a bounded number of them. */
  readonly rarest: readonly number[];
}

/** Some chunks of a file: a few by index, or any number of them as Bitfield bytes. */
export type ChunkSet = { readonly chunks: readonly number[] } | { readonly bits: Uint8Array };

/** Chunks the asker now holds and serves, besides those it told before: it is a source for them from the reply on. */
export interface ChunkRegister {
  readonly type: 'chunkRegister';
  readonly swarm: SwarmId;
  readonly held: ChunkSet;
}

export interface ChunkRegisterReply {
  readonly type: 'chunkRegisterReply';
  /** Absent when accepted. */
  readonly refused?: Refusal;
}

/** Heartbeat, and a request for peers of the named swarms. */
export interface Announce {
  readonly type: 'announce';
  readonly swarms: readonly SwarmId[];
}

export interface AnnounceReply {
  readonly type: 'announceReply';
  /** False when the tracker does not know the asker (it restarted): register again. */
  readonly known: boolean;
  readonly intervalMs: number;
  /** Per swarm of the request, in its order: a bounded, varied choice of its peers, never the asker. */
  readonly peers: readonly (readonly PeerContact[])[];
}

/** The asker and all its chunks go; with `swarm`, only from that swarm. */
export interface Leave {
  readonly type: 'leave';
  readonly swarm?: SwarmId;
}

export interface LeaveReply {
  readonly type: 'leaveReply';
  readonly removed: boolean;
}

export type TrackerRequest = Register | FileList | FileLocations | ChunkRegister | Announce | Leave;
export type TrackerReply =
  | RegisterReply
  | FileListReply
  | FileLocationsReply
  | ChunkRegisterReply
  | AnnounceReply
  | LeaveReply;

/** Everything that can be encoded. */
export type Message = PeerMessage | PeerRequest | PeerReply | TrackerRequest | TrackerReply;
