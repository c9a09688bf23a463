// Calls with a short code on those who keep it, one after the other, until one of them hands over the ticket. A keeper of
// another code with the same number says that ours is wrong, and somebody who only claims to be one gets a guess at it: so
// few are called on in vain before it is given up.

import {
  after,
  type AskId,
  earliest,
  type Instant,
  type LinkId,
  NEVER,
  type PeerId,
  type RequestId,
} from '@shoal/machine';
import { codeSessionBytes, codeShareBytes, type PeerReply } from '@shoal/wire';
import type { SwarmHost } from '../host.ts';
import type { Code } from './code.ts';
import { confirmationOf, type CPaceHalf, secretOf, sessionKeyOf, shareOf } from './cpace.ts';
import { inputsOf } from './inputs.ts';
import type { Attendant, MeetingRole } from './meeting.ts';
import { unseal } from './sealing.ts';

const refusalsMax = 3; // so many say that the code is wrong, and it is
const graceMs = 3_000; // after the first of them, another keeper has so long to come
const callMs = 5_000; // for each of the two requests; then the next keeper is called on
const againMs = 1_000; // after which keepers that gave no answer are called on again
const nothing = new Uint8Array();

export interface CallerOptions {
  readonly code: Code;
  readonly random: (count: number) => Uint8Array;
  readonly self: PeerId;
  readonly host: SwarmHost;
}

/** A keeper that is being called on. */
interface Call {
  readonly keeper: Attendant;
  readonly session: Uint8Array;
  readonly secret: bigint;
  readonly ours: CPaceHalf;
  ask: AskId;
  /** There when the shares are exchanged and the proof is on its way. */
  key: Uint8Array | undefined;
}

export class Caller implements MeetingRole {
  readonly #options: CallerOptions;
  /** Not called on yet, one link for each peer. */
  readonly #waiting = new Map<PeerId, Attendant>();
  /** Called on, and gave no answer. */
  readonly #silent = new Map<PeerId, Attendant>();
  readonly #refusedBy = new Set<PeerId>();
  /** Proofs that nothing was heard of: each may have been somebody's guess at the code. */
  #lostProofs = 0;
  #call: Call | undefined;
  #callEndsAt: Instant = NEVER;
  #graceEndsAt: Instant = NEVER;
  #againAt: Instant = NEVER;
  #ended = false;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  handleRequest({ link }: Attendant, request: RequestId): void {
    this.#options.host.refuse(link, request, 'notFound');
  }

  keeperCame(keeper: Attendant, now: Instant): void {
    if (this.#ended || this.#refusedBy.has(keeper.peer) || this.#call?.keeper.link === keeper.link) return;
    this.#waiting.set(keeper.peer, keeper);
    this.#next(now);
  }

  left(link: LinkId, now: Instant): void {
    if (this.#call?.keeper.link === link) this.#unanswered(this.#call, now);
    for (const keepers of [this.#waiting, this.#silent])
      for (const [peer, keeper] of keepers) if (keeper.link === link) keepers.delete(peer);
  }

  handleSent(): void {
    // A caller only refuses.
  }

  handleAnswer(ask: AskId, reply: PeerReply | undefined, now: Instant): void {
    const call = this.#call;
    if (call?.ask !== ask) return;
    const { session, key } = call;
    if (key === undefined) {
      if (reply?.type === 'codeReply') this.#prove(call, reply.share, now);
      else this.#accuse(call, now);
      return;
    }
    if (reply?.type !== 'proofReply') return this.#accuse(call, now);
    const ticket = reply.sealed && unseal(reply.sealed, key, session);
    if (ticket === undefined) return this.#refused(call, reply.triesLeft, now);
    this.#end();
    const { peer, address } = call.keeper;
    const { triesLeft, lifeMs } = reply;
    const { meeting } = this.#options.code;
    this.#options.host.emit({ type: 'ticketReceived', meeting, peer, address, ticket, triesLeft, lifeMs });
  }

  handleAskFailed(ask: AskId, now: Instant): void {
    if (this.#call?.ask === ask) this.#unanswered(this.#call, now);
  }

  isBusyWith(link: LinkId): boolean {
    return this.#call?.keeper.link === link;
  }

  nextTimeout(): Instant {
    return earliest(this.#callEndsAt, this.#graceEndsAt, this.#againAt);
  }

  handleTimeout(now: Instant): void {
    if (this.#call !== undefined && now >= this.#callEndsAt) {
      this.#options.host.cancel(this.#call.keeper.link, this.#call.ask);
      this.#unanswered(this.#call, now);
    }
    if (now >= this.#againAt) {
      this.#againAt = NEVER;
      for (const [peer, keeper] of this.#silent) this.#waiting.set(peer, keeper);
      this.#silent.clear();
      this.#next(now);
    }
    if (this.#call === undefined && now >= this.#graceEndsAt) this.#fail();
  }

  /** Calls on the next keeper, unless one is being called on. */
  #next(now: Instant): void {
    if (this.#ended || this.#call !== undefined) return;
    for (const [peer, keeper] of this.#waiting) {
      this.#waiting.delete(peer);
      const { code, random, self, host } = this.#options;
      const session = random(codeSessionBytes);
      const secret = secretOf(random(codeShareBytes));
      const share = shareOf(inputsOf(code, session, { caller: self, keeper: peer }), secret);
      const ask = host.ask(code.meeting, keeper.link, { type: 'codeRequest', swarm: code.meeting, session, share }, 0);
      this.#call = { keeper, session, secret, ours: { share, data: nothing }, ask, key: undefined };
      this.#callEndsAt = after(now, callMs);
      return;
    }
  }

  #prove(call: Call, share: Uint8Array, now: Instant): void {
    const { session, secret, ours, keeper } = call;
    const { code, host } = this.#options;
    const theirs = { share, data: nothing };
    const key = sessionKeyOf(session, secret, theirs, { initiator: ours, responder: theirs });
    if (key === undefined) return this.#accuse(call, now);
    const proof = confirmationOf(key, session, ours);
    call.key = key;
    call.ask = host.ask(code.meeting, keeper.link, { type: 'proofRequest', swarm: code.meeting, proof }, 0);
    this.#callEndsAt = after(now, callMs);
  }

  /** It does not keep the protocol: it has nothing for us. */
  #accuse({ keeper }: Call, now: Instant): void {
    this.#refusedBy.add(keeper.peer);
    this.#options.host.accuse(keeper.peer, 'badReply');
    this.#giveUp(now);
  }

  #refused({ keeper }: Call, triesLeft: number, now: Instant): void {
    const { peer, address } = keeper;
    this.#refusedBy.add(peer);
    const { meeting } = this.#options.code;
    this.#options.host.emit({ type: 'codeRefused', meeting, peer, address, triesLeft });
    if (this.#refusedBy.size >= refusalsMax) return this.#fail();
    if (this.#graceEndsAt === NEVER) this.#graceEndsAt = after(now, graceMs);
    this.#giveUp(now);
  }

  /** It may have been stopped, or busy. */
  #unanswered({ keeper, key }: Call, now: Instant): void {
    if (key !== undefined) this.#lostProofs += 1;
    if (this.#lostProofs < refusalsMax) {
      this.#silent.set(keeper.peer, keeper);
      this.#againAt = after(now, againMs);
    }
    this.#giveUp(now);
  }

  /** This call comes to nothing. */
  #giveUp(now: Instant): void {
    this.#call = undefined;
    this.#callEndsAt = NEVER;
    this.#next(now);
  }

  #fail(): void {
    this.#end();
    this.#options.host.emit({ type: 'codeEnded', meeting: this.#options.code.meeting, reason: 'refused' });
  }

  #end(): void {
    this.#ended = true;
    this.#call = undefined;
    this.#callEndsAt = NEVER;
    this.#graceEndsAt = NEVER;
    this.#againAt = NEVER;
    this.#waiting.clear();
    this.#silent.clear();
  }
}
