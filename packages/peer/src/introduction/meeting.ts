// The meeting of those who have one short code, or another with the same number. It is found like a swarm, through
// trackers and on the local network, and joined like one; instead of chunks, a ticket is handed over in it, to whoever
// proves to have the code. Whoever hands it out is a keeper (its join says that it is offering); whoever wants it, a caller.

import { type AskId, type Instant, type LinkId, NEVER, type PeerId, type RequestId } from '@shoal/machine';
import type { Address, LinkCode, LinkFact } from '@shoal/machine';
import type { Join, PeerReply, PeerRequest, SwarmId } from '@shoal/wire';
import type { Gathering, GatheringParts, GatheringOptions, SwarmOffer } from '../gathering.ts';
import type { SwarmHost } from '../host.ts';
import type { Neighbour } from '../links/neighbours.ts';
import { Caller } from './caller.ts';
import { type Code, meetingName } from './code.ts';
import { Keeper } from './keeper.ts';

/** Somebody in the meeting. */
export interface Attendant {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly address: Address;
}

/** What one does in a meeting. */
export interface MeetingRole {
  handleRequest(from: Attendant, request: RequestId, message: PeerRequest, now: Instant): void;
  /** A keeper is there. */
  keeperCame(keeper: Attendant, now: Instant): void;
  left(link: LinkId, now: Instant): void;
  handleSent(request: RequestId): void;
  handleAnswer(ask: AskId, reply: PeerReply | undefined, now: Instant): void;
  handleAskFailed(ask: AskId, now: Instant): void;
  isBusyWith(link: LinkId): boolean;
  nextTimeout(): Instant;
  handleTimeout(now: Instant): void;
}

export interface MeetOptions {
  readonly code: Code;
  /** Unguessable bytes. */
  readonly random: (count: number) => Uint8Array;
  readonly trackers?: readonly Address[];
  /** There for a keeper: what it hands out, and how long and often. */
  readonly keep?: KeepTerms;
}

export interface KeepTerms {
  readonly ticket: string;
  /** Wrong proofs, after which the code is dead. */
  readonly triesMax: number;
  readonly lifeMs: number;
}

/**
 * The meeting of a code, for a session to go to: to keep the code, or to call with it. Nobody can do both, nor with two codes
 * of one number.
 */
export const meetingOf = ({ trackers = [], ...options }: MeetOptions): GatheringOptions => ({
  id: options.code.meeting,
  trackers,
  open: (parts, now) => new Meeting({ ...options, ...parts }, now),
});

type MeetingOptions = Omit<MeetOptions, 'trackers'> & GatheringParts;

class Meeting implements Gathering {
  readonly id: SwarmId;
  readonly isOpen = true;
  readonly #host: SwarmHost;
  readonly #role: MeetingRole;
  readonly #isKeeper: boolean;
  readonly #greeted = new Set<LinkId>();
  readonly #attendants = new Map<LinkId, Attendant>();

  constructor({ keep, ...options }: MeetingOptions, now: Instant) {
    this.id = options.code.meeting;
    this.#host = options.host;
    this.#isKeeper = keep !== undefined;
    this.#role = keep === undefined ? new Caller(options) : new Keeper({ ...options, ...keep }, now);
  }

  /** A keeper's, so that callers are told of it. */
  get offer(): SwarmOffer | undefined {
    return this.#isKeeper ? { name: meetingName, bytes: 0, chunkCount: 0, swarm: this.id } : undefined;
  }

  isIdle(link: LinkId): boolean {
    return !this.#role.isBusyWith(link);
  }

  greetOnce(link: LinkId): void {
    if (this.#greeted.has(link)) return;
    this.#greeted.add(link);
    this.#host.send(link, { type: 'join', swarm: this.id, bits: new Uint8Array(), offering: this.#isKeeper });
  }

  metSelf(): void {
    // A tracker, or our own notice, told us of ourselves: that address is not dialled again.
  }

  handleJoin({ link, peer, address, contact }: Neighbour, { offering }: Join, now: Instant): void {
    this.greetOnce(link);
    const attendant = { link, peer, address: contact?.address ?? address };
    this.#attendants.set(link, attendant);
    if (offering) this.#role.keeperCame(attendant, now);
  }

  handlePart(link: LinkId, now: Instant): void {
    this.#greeted.delete(link);
    if (this.#attendants.delete(link)) this.#role.left(link, now);
  }

  handleRequest(link: LinkId, request: RequestId, message: PeerRequest, now: Instant): void {
    const from = this.#attendants.get(link);
    if (from === undefined) return this.#host.refuse(link, request, 'notFound');
    this.#role.handleRequest(from, request, message, now);
  }

  handleSent({ request }: LinkFact & { type: 'answerSent' }): void {
    this.#role.handleSent(request);
  }

  handleCancelled(): void {
    // Requests are answered at once: there is nothing to call off.
  }

  handleAnswer({ ask }: LinkFact & { type: 'answerReceived' }, reply: PeerReply | undefined, now: Instant): void {
    this.#role.handleAnswer(ask, reply, now);
  }

  handleAskFailed(ask: AskId, _code: LinkCode, now: Instant): void {
    this.#role.handleAskFailed(ask, now);
  }

  handleProgress(): void {
    // Answers have no bodies.
  }

  nextTimeout(): Instant {
    return this.#role.nextTimeout();
  }

  handleTimeout(now: Instant): void {
    if (this.nextTimeout() !== NEVER) this.#role.handleTimeout(now);
  }

  close(): void {
    for (const link of this.#greeted) this.#host.send(link, { type: 'part', swarm: this.id });
  }
}
