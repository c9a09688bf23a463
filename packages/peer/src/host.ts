// What a swarm may ask of the session around it: its link to the world. Narrow, so that a swarm knows no other swarm,
// no dial and no tracker.

import type { HashSuite } from '@shoal/chunker';
import type { AskId, ErrorCode, LinkCode, LinkId, PeerId, RequestId, Rng } from '@shoal/machine';
import type { PeerContact, PeerMessage, PeerReply, PeerRequest, SwarmId } from '@shoal/wire';
import type { ByteBudget } from './byte-budget.ts';
import type { MeetingEvent, SwarmEvent } from './events.ts';
import type { StoreOrder } from './store-orders.ts';
import type { Offence } from './strikes.ts';

export interface SwarmHost {
  readonly self: PeerId;
  readonly rng: Rng;
  /** To check parts of manifests. */
  readonly hashes: HashSuite;
  /** Bytes asked for and not yet on disk, and how fast more are, over all swarms. */
  readonly fetchBudget: ByteBudget;
  /** Bytes read and not yet sent, and how fast more are, over all swarms. */
  readonly giveBudget: ByteBudget;
  send(link: LinkId, message: PeerMessage): void;
  /** The answer comes back to the asking swarm. */
  ask(swarm: SwarmId, link: LinkId, request: PeerRequest, bodyBytesMax: number): AskId;
  cancel(link: LinkId, ask: AskId): void;
  answer(link: LinkId, request: RequestId, reply: PeerReply, body: Uint8Array): void;
  refuse(link: LinkId, request: RequestId, code: LinkCode): void;
  order(order: StoreOrder): void;
  emit(event: SwarmEvent | MeetingEvent): void;
  /** The peer broke the rules. What follows of it happens when the current call is over. */
  accuse(peer: PeerId, offence: Offence): void;
  /** How peers of the swarm are reached, as far as we know: to be told to others. Never `except`. */
  contactsFor(swarm: SwarmId, except: PeerId): PeerContact[];
  /** The store is open: the content's cut is known. */
  opened(swarm: SwarmId): void;
  /** The manifest or our own store is in trouble that waiting does not mend: the swarm is left after the current call. */
  failed(swarm: SwarmId, code: ErrorCode, detail?: string): void;
  /** Chunks are stored and served from now. */
  chunksHeld(swarm: SwarmId, chunks: readonly number[]): void;
  /** The next number for a read of the store. */
  nextRead(): number;
}
