// Every message that crosses the network between peers and trackers, as typed values. `codec.ts` turns them into
// msgpack and back; behind it, code takes these types and checks nothing again (law 4).
// Bulk bytes (chunks, parts of manifests) travel beside a message as the body of an exchange, never inside it.

import type { Address, PeerId } from '@shoal/machine';
import type { DraftId, SwarmKey } from './drafts.ts';

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

/**
 * "I am in this swarm": opens it on the link. `bits` are the chunks held, as Bitfield bytes, one byte at least; empty while the
 * manifest is unknown.
 */
export interface Join {
  readonly type: 'join';
  readonly swarm: SwarmId;
  readonly bits: Uint8Array;
  /**
   * It holds more than `bits` say and tells of a chunk when it offers it: it wants to hear of every chunk that the remote
   * gets, those too that it told of itself.
   */
  readonly offering: boolean;
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

/** Chunks that the sender no longer holds; whoever does says so. */
export interface Lost {
  readonly type: 'lost';
  readonly swarm: SwarmId;
  readonly chunks: readonly number[];
}

/**
 * Whether the sender would ask for a chunk if it were unchoked. It gives back the requests that it was unchoked for and
 * will not make, so that others have them.
 */
export interface Interest {
  readonly type: 'interest';
  readonly swarm: SwarmId;
  readonly interested: boolean;
  readonly declined: number;
}

/** The sender serves so many further requests of the remote. Whoever was never unchoked, or has used it up, is choked. */
export interface Unchoke {
  readonly type: 'unchoke';
  readonly swarm: SwarmId;
  readonly requests: number;
}

/** Peers of a swarm introduced to another peer of it. */
export interface Peers {
  readonly type: 'peers';
  readonly swarm: SwarmId;
  readonly peers: readonly PeerContact[];
}

export type PeerMessage = Hello | Join | Part | Have | Lost | Interest | Unchoke | Peers;

// ---- peer to peer, exchanges ----

/** Asks for one chunk. The answer's body is the chunk. */
export interface ChunkRequest {
  readonly type: 'chunkRequest';
  readonly swarm: SwarmId;
  readonly chunk: number;
}

/** Asks for a part of the manifest; the first one, 0, says how many there are. The answer's body is that part. */
export interface ManifestRequest {
  readonly type: 'manifestRequest';
  readonly swarm: SwarmId;
  readonly part: number;
}

/**
 * Begins to prove, in a meeting, that the asker has its short code: the asker's share of CPace, for a session that it
 * names. The answer says nothing about the code.
 */
export interface CodeRequest {
  readonly type: 'codeRequest';
  readonly swarm: SwarmId;
  readonly session: Uint8Array;
  readonly share: Uint8Array;
}

/** Ends it: a wrong proof costs the code one of its tries. */
export interface ProofRequest {
  readonly type: 'proofRequest';
  readonly swarm: SwarmId;
  readonly proof: Uint8Array;
}

export type PeerRequest = ChunkRequest | ManifestRequest | CodeRequest | ProofRequest;

export interface ChunkReply {
  readonly type: 'chunkReply';
  readonly chunk: number;
  /** How long the request waited because others were served first, or because of a rate limit. */
  readonly waitedMs: number;
  /** How long reading and verifying took. */
  readonly readMs: number;
  /** Of the time that the last answer here was under way, so many thousandths the sender's congestion window held it back. */
  readonly congestion: number;
  /** And so many the receiver's window. */
  readonly receiver: number;
}

export interface ManifestReply {
  readonly type: 'manifestReply';
  readonly part: number;
}

export interface CodeReply {
  readonly type: 'codeReply';
  readonly share: Uint8Array;
}

export interface ProofReply {
  readonly type: 'proofReply';
  /** Wrong proofs that the code still bears. */
  readonly triesLeft: number;
  /** How long the code goes on. */
  readonly lifeMs: number;
  /** The ticket under the key that both have agreed on; absent when the proof was wrong. */
  readonly sealed?: Uint8Array;
}

export type PeerReply = ChunkReply | ManifestReply | CodeReply | ProofReply;

// ---- peer to tracker, exchanges ----

/** What a peer offers or wants: a file-set by name, size and chunking. Of a draft, `swarm` says all of it. */
export interface FileOffer {
  readonly name: string;
  readonly bytes: number;
  readonly chunkCount: number;
  readonly swarm: SwarmKey;
}

/** Makes the asker known, reached at its observed host and `port`, and its files listed. A repeated register renews. */
export interface Register {
  readonly type: 'register';
  /** Where the asker thinks it is: the register is refused with `badAddress` unless its packets come from there. */
  readonly host?: string;
  readonly port: number;
  readonly files: readonly FileOffer[];
}

/**
 * Why a tracker said no to one file or request. `mismatch`: listed with another size. `full`: the tracker's table.
 * `quotaExceeded`: what one peer, or one address, may have. `manifestKnown`: a claim about a swarm whose manifest
 * decides. `claimNeeded`: chunks of a draft are told by claims, with their hashes.
 */
export const refusals = [
  'nameUnsafe',
  'mismatch',
  'full',
  'quotaExceeded',
  'unknownFile',
  'unknownPeer',
  'badChunk',
  'badAddress',
  'manifestKnown',
  'claimNeeded',
] as const;
export type Refusal = (typeof refusals)[number];

export type Verdict = { readonly accepted: true } | { readonly accepted: false; readonly reason: Refusal };

export interface RegisterReply {
  readonly type: 'registerReply';
  /** Per file of the request, in its order. */
  readonly files: readonly Verdict[];
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
  /** Of a draft whose every chunk is agreed upon: the swarm that its manifest names. */
  readonly derived?: SwarmId;
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
  readonly file: { readonly swarm: SwarmKey } | { readonly name: string };
}

export interface Holder {
  readonly address: Address;
  readonly peer: PeerId;
  /** How many chunks it holds; which ones is in the body of the answer. */
  readonly held: number;
}

/**
 * The answer's body holds, for each holder in order that has not all chunks, its Bitfield bytes
 * (`Bitfield.byteLength(file.chunkCount)` of them); a holder of all chunks adds nothing to it. Of a draft only what is
 * agreed upon counts as held, and the agreed hash of each chunk in `rarest` follows, 32 bytes each.
 */
export interface FileLocationsReply {
  readonly type: 'fileLocationsReply';
  /** Absent when the tracker knows no such file. */
  readonly file?: FileListing;
  /** How many peers hold some of it, of which `holders` is a bounded choice. */
  readonly total: number;
  /** As `packHolders` writes them. */
  readonly holders: Uint8Array;
  /** Chunk indices from the rarest to the most common, a bounded number of them; chunks that nobody holds are left out. */
  readonly rarest: readonly number[];
  /** How many of the holders told here hold each of `rarest`; of a draft, how many peers in all. */
  readonly copies: readonly number[];
}

/** Some chunks of a file: a few by index, or any number of them as Bitfield bytes. */
export type ChunkSet = { readonly chunks: readonly number[] } | { readonly bits: Uint8Array };

/** Chunks the asker now holds and serves, besides those it told before: it is a source for them from the reply on. */
export interface ChunkRegister {
  readonly type: 'chunkRegister';
  readonly swarm: SwarmKey;
  readonly held: ChunkSet;
}

export interface ChunkRegisterReply {
  readonly type: 'chunkRegisterReply';
  readonly verdict: Verdict;
}

/**
 * The asker holds these chunks of a draft, and this is what they hash to. A later claim of the same peer about the same
 * chunk takes the place of the earlier one.
 */
export interface Claim {
  readonly type: 'claim';
  readonly swarm: DraftId;
  /** As `packClaims` writes them. */
  readonly claims: Uint8Array;
}

/**
 * Where a chunk of a draft stands: claimed by too few, agreed upon by enough distinct peers, or claimed with different
 * hashes. Only chunks of the chunk list are ever given as locations.
 */
export const standings = ['checkList', 'chunkList', 'disputed'] as const;
export type Standing = (typeof standings)[number];

export interface ClaimReply {
  readonly type: 'claimReply';
  readonly verdict: Verdict;
  /** Per chunk of an accepted claim, in its order. */
  readonly standings: readonly Standing[];
}

/** Looks into the check list and the chunk list of a draft, from chunk `from` on; with `only`, at one of them. */
export interface ClaimList {
  readonly type: 'claimList';
  readonly swarm: DraftId;
  readonly from: number;
  readonly only?: Standing;
}

/** Those who claim the same hash. `voices` counts distinct peers, on public networks distinct networks. */
export interface Camp {
  readonly hash: Uint8Array;
  readonly voices: number;
}

export interface ClaimedChunk {
  readonly chunk: number;
  readonly standing: Standing;
  /** Of a disputed chunk all of them, otherwise one. */
  readonly camps: readonly Camp[];
}

export interface ClaimListReply {
  readonly type: 'claimListReply';
  /** Absent when the tracker knows no such draft. */
  readonly file?: FileListing;
  /** How many chunks stand on the check list, on the chunk list, and disputed. */
  readonly counts: { readonly [Which in Standing]: number };
  /** Chunks that somebody claims, in order. */
  readonly chunks: readonly ClaimedChunk[];
  /** Where the next page begins; absent at the end. */
  readonly next?: number;
}

/** One swarm of an announce, and how many of its chunks the asker holds. */
export interface Progress {
  readonly swarm: SwarmKey;
  readonly held: number;
}

/** Heartbeat, progress, and a request for `want` peers of each of the named swarms. */
export interface Announce {
  readonly type: 'announce';
  /** Where the asker is reached now, at its observed host. Absent when it only looks for peers. */
  readonly port?: number;
  readonly want: number;
  readonly swarms: readonly Progress[];
}

/**
 * What a tracker knows of the asker in a swarm. `no`: it is not listed (the tracker restarted, or never heard of it).
 * `behind`: it is listed with fewer chunks than it holds. Either way it has to tell again.
 */
export const knowledges = ['no', 'behind', 'yes'] as const;
export type Knowledge = (typeof knowledges)[number];

export interface SwarmNews {
  readonly known: Knowledge;
  /** A bounded, varied choice of its peers, never the asker, as `packContact` writes them. */
  readonly peers: Uint8Array;
}

export interface AnnounceReply {
  readonly type: 'announceReply';
  readonly intervalMs: number;
  /** Per swarm of the request, in its order. */
  readonly swarms: readonly SwarmNews[];
}

/** The asker and all its chunks and claims go; with `swarm`, only from that swarm. */
export interface Leave {
  readonly type: 'leave';
  readonly swarm?: SwarmKey;
}

export interface LeaveReply {
  readonly type: 'leaveReply';
  readonly removed: boolean;
}

export type TrackerRequest = Register | FileList | FileLocations | ChunkRegister | Claim | ClaimList | Announce | Leave;
export type TrackerReply =
  | RegisterReply
  | FileListReply
  | FileLocationsReply
  | ChunkRegisterReply
  | ClaimReply
  | ClaimListReply
  | AnnounceReply
  | LeaveReply;

/** Everything that can be encoded. */
export type Message = PeerMessage | PeerRequest | PeerReply | TrackerRequest | TrackerReply;
