// What one peer told us about one swarm, and what is going on with it there. Links carry many swarms; this is the part
// of a link that belongs to one.

import type { Address, LinkId, PeerId, RequestId } from '@shoal/machine';
import type { Bitfield } from '@shoal/machine';
import { Pipeline } from './fetching/pipeline.ts';
import type { Role } from './links/fixed-neighbours.ts';
import type { RemoteTally } from './tally.ts';

const anyRole: Role = { isAsked: true, isServed: true };

export class Remote {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly address: Address;
  readonly tally: RemoteTally;
  readonly pipeline: Pipeline = new Pipeline();
  /** Both asked and served, unless neighbours are fixed. */
  readonly role: Role;
  /** Chunks it holds; undefined until both sides know the manifest. */
  held: Bitfield | undefined;
  /** So many further requests of ours it serves; with none left it chokes us. */
  allowance = 0;
  /** What held the last chunk back on its way there, in thousandths of the time it took. */
  lastLimits = { congestion: 0, receiver: 0 };
  /** Requests of ours that were taken back, which it may never have seen. */
  takenBack = 0;
  /** It holds more than it tells, and wants to hear of every chunk of ours. */
  isOffering = false;
  /** What we last told it of our interest. */
  weAreInterested = false;
  /** Our user was told that it holds everything. */
  toldComplete = false;
  /** Its requests for parts of the manifest whose answers are on their way. */
  readonly manifestParts: Set<RequestId> = new Set();
  /** Missing here, held there. */
  wantedCount = 0;
  /** Missing here, held there, and nobody is asked for it. */
  freeCount = 0;
  /** It has said which chunks it holds, so it knows the manifest. */
  knowsManifest = false;
  /** It was told our chunks when it could make sense of them: from then on it hears of new ones. */
  knowsOurs = false;

  constructor(link: LinkId, peer: PeerId, address: Address, tally: RemoteTally, role: Role = anyRole) {
    this.link = link;
    this.peer = peer;
    this.address = address;
    this.tally = tally;
    this.role = role;
  }

  has(chunk: number): boolean {
    return this.held?.has(chunk) ?? false;
  }

  /** It has everything, though an owner does not tell. */
  get isComplete(): boolean {
    return this.isOffering || (this.held?.isFull ?? false);
  }
}
