// What a session tells its user. Past tense, one closed union; the command line, logs and the visualizer live on it.

import type { Address, ErrorCode, LinkCode, PeerId } from '@shoal/machine';
import type { TrackerTrouble } from '@shoal/tracker';
import type { Refusal, Standing, SwarmId } from '@shoal/wire';
import type { Offence } from './strikes.ts';

/** Why a swarm makes no progress at the moment. */
export type WaitReason =
  /** Nobody of the swarm is linked. */
  | 'noPeers'
  /** Somebody is linked, but nobody has sent the manifest. */
  | 'noManifest'
  /** Nobody linked holds a chunk that is missing here. */
  | 'noSource';

/** Something that happened to one swarm. */
export type SwarmEvent =
  | {
      readonly type: 'storeReady';
      readonly swarm: SwarmId;
      readonly chunkCount: number;
      readonly totalBytes: number;
      readonly heldChunks: number;
      readonly heldBytes: number;
    }
  | { readonly type: 'manifestReceived'; readonly swarm: SwarmId; readonly from: PeerId; readonly bytes: number }
  | { readonly type: 'remoteJoined'; readonly swarm: SwarmId; readonly peer: PeerId; readonly address: Address }
  | { readonly type: 'remoteLeft'; readonly swarm: SwarmId; readonly peer: PeerId; readonly address: Address }
  /** It holds all chunks, now or when it joined. */
  | { readonly type: 'remoteCompleted'; readonly swarm: SwarmId; readonly peer: PeerId; readonly address: Address }
  | { readonly type: 'remoteSnubbed'; readonly swarm: SwarmId; readonly peer: PeerId; readonly address: Address }
  /** Under way from now until it is held, damaged or dropped. Near the end several may be asked for one chunk. */
  | { readonly type: 'chunkAsked'; readonly swarm: SwarmId; readonly chunk: number; readonly from: PeerId }
  /** The request came to nothing: taken back, refused, or its remote has gone. */
  | { readonly type: 'chunkDropped'; readonly swarm: SwarmId; readonly chunk: number; readonly from: PeerId }
  /** Verified and stored; served on from now. */
  | {
      readonly type: 'chunkHeld';
      readonly swarm: SwarmId;
      readonly chunk: number;
      readonly bytes: number;
      readonly from: PeerId;
    }
  | {
      readonly type: 'chunkDamaged';
      readonly swarm: SwarmId;
      readonly chunk: number;
      readonly from: PeerId;
      readonly address: Address;
    }
  /** A tracker has our claims about chunks of a draft, and says where each chunk stands by them. */
  | {
      readonly type: 'chunksClaimed';
      readonly swarm: SwarmId;
      readonly chunks: readonly { readonly chunk: number; readonly standing: Standing }[];
    }
  | { readonly type: 'waiting'; readonly swarm: SwarmId; readonly reason: WaitReason }
  | { readonly type: 'endgameStarted'; readonly swarm: SwarmId }
  /** The disk cannot take more now; it is tried again by and by. */
  | { readonly type: 'paused'; readonly swarm: SwarmId; readonly code: ErrorCode }
  | { readonly type: 'resumed'; readonly swarm: SwarmId }
  | { readonly type: 'readFailed'; readonly swarm: SwarmId; readonly chunk: number; readonly code: ErrorCode }
  /** Everything held here is with others who stay, or the time for that is over: after `wishToLeave`. */
  | { readonly type: 'mayLeave'; readonly swarm: SwarmId }
  /** All chunks are held and the files stand under their names. */
  | { readonly type: 'completed'; readonly swarm: SwarmId; readonly elapsedMs: number }
  /** The swarm has ended here: its manifest or our store is in trouble that waiting does not mend. */
  | { readonly type: 'failed'; readonly swarm: SwarmId; readonly code: ErrorCode; readonly detail?: string };

/**
 * Why a code is of no more use: its keeper has heard too many wrong guesses, or its time is over; or those who were called
 * with it say that it is wrong.
 */
export type CodeEnd = 'guessed' | 'expired' | 'refused';

/** Something that happened in the meeting of a short code. */
export type MeetingEvent =
  /** We gave our ticket to somebody who has the code. */
  | { readonly type: 'codeAccepted'; readonly meeting: SwarmId; readonly peer: PeerId; readonly address: Address }
  /** Somebody tried a wrong code on us. */
  | {
      readonly type: 'codeGuessed';
      readonly meeting: SwarmId;
      readonly peer: PeerId;
      readonly address: Address;
      readonly triesLeft: number;
    }
  /** We were given the ticket. The code bears so many wrong tries more there, and goes on for so long. */
  | {
      readonly type: 'ticketReceived';
      readonly meeting: SwarmId;
      readonly peer: PeerId;
      readonly address: Address;
      readonly ticket: string;
      readonly triesLeft: number;
      readonly lifeMs: number;
    }
  /** Somebody says that our code is wrong. */
  | {
      readonly type: 'codeRefused';
      readonly meeting: SwarmId;
      readonly peer: PeerId;
      readonly address: Address;
      readonly triesLeft: number;
    }
  | { readonly type: 'codeEnded'; readonly meeting: SwarmId; readonly reason: CodeEnd };

/** Something that happened to the session as a whole. */
export type SessionEvent =
  | SwarmEvent
  | MeetingEvent
  | { readonly type: 'linkUp'; readonly peer: PeerId; readonly address: Address }
  | { readonly type: 'linkDown'; readonly peer: PeerId; readonly address: Address; readonly code: LinkCode }
  | { readonly type: 'dialFailed'; readonly address: Address; readonly code: LinkCode }
  | {
      readonly type: 'remoteStruck';
      readonly peer: PeerId;
      readonly address: Address;
      readonly offence: Offence;
      readonly banned: boolean;
    }
  | { readonly type: 'trackerUp'; readonly tracker: Address }
  /** Told once an outage; it is dialled on. */
  | { readonly type: 'trackerDown'; readonly tracker: Address; readonly reason: TrackerTrouble }
  /** A tracker does not list us for the swarm. */
  | { readonly type: 'trackerRefused'; readonly swarm: SwarmId; readonly refusal: Refusal }
  /** Peers of the local network are not looked for, or not everywhere. */
  | { readonly type: 'discoveryFailed'; readonly detail: string }
  /** The last event after `stop`. */
  | { readonly type: 'stopped' };
