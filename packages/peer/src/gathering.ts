// What peers come together in under one name: a swarm, or the meeting of those who have a short code. The session leads
// everything that comes over the links to the gathering that it belongs to.

import type { Address, AskId, Instant, LinkCode, LinkFact, LinkId, PeerId, RequestId } from '@shoal/machine';
import type { FileOffer, Join, PeerReply, PeerRequest, SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';
import type { Neighbour } from './links/neighbours.ts';

export interface Gathering {
  readonly id: SwarmId;
  /** Whether it takes part with whomever it finds. */
  readonly isOpen: boolean;
  /** Whether the remote on this link would miss nothing, nor we, if the link ended. */
  isIdle(link: LinkId): boolean;
  /** Joins on a link, unless we have. */
  greetOnce(link: LinkId): void;
  /** We were found at an address that we were told of. */
  metSelf(address: Address): void;
  /** The remote on the link takes part, or says afresh what it holds. */
  handleJoin(neighbour: Neighbour, join: Join, now: Instant): void;
  /** The remote on the link has left, or the link has ended. */
  handlePart(link: LinkId, now: Instant): void;
  handleRequest(link: LinkId, request: RequestId, message: PeerRequest, now: Instant): void;
  handleSent(fact: LinkFact & { type: 'answerSent' }, now: Instant): void;
  handleCancelled(link: LinkId, request: RequestId, now: Instant): void;
  /** `reply` is undefined when the head was no reply. */
  handleAnswer(fact: LinkFact & { type: 'answerReceived' }, reply: PeerReply | undefined, now: Instant): void;
  handleAskFailed(ask: AskId, code: LinkCode, now: Instant): void;
  handleProgress(ask: AskId, bodyBytes: number, now: Instant): void;
  nextTimeout(): Instant;
  handleTimeout(now: Instant): void;
  /** Leaves it: says so to everybody in it and lets go of what was under way. */
  close(): void;
}

/** As what somebody registers with trackers. */
export type SwarmOffer = FileOffer & { readonly swarm: SwarmId };

/** What a gathering is given by the session. */
export interface GatheringParts {
  readonly self: PeerId;
  readonly host: SwarmHost;
}

/** A gathering other than a swarm, for a session to take part in. */
export interface GatheringOptions {
  readonly id: SwarmId;
  /** Where others are looked for. */
  readonly trackers: readonly Address[];
  /** `offer` is registered with the trackers. */
  readonly open: (parts: GatheringParts, now: Instant) => Gathering & { readonly offer?: SwarmOffer | undefined };
}
