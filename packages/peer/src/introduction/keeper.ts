// Keeps a short code: hands its ticket to whoever proves to have it. A caller first sends its share of CPace and is
// answered with ours, which tells it nothing; then its proof. So a guess is known as one before anything hangs on it: a
// wrong proof costs the code one of few tries, and after the last, or when its time is over, nobody is answered any more.

import { after, type AskId, type Instant, type LinkId, NEVER, type PeerId, type RequestId } from '@shoal/machine';
import type { CodeRequest, PeerRequest, ProofRequest } from '@shoal/wire';
import type { CodeEnd } from '../events.ts';
import type { SwarmHost } from '../host.ts';
import type { Code } from './code.ts';
import { confirmationOf, confirms, type CPaceHalf, secretOf, sessionKeyOf, shareOf } from './cpace.ts';
import { inputsOf } from './inputs.ts';
import type { Attendant, KeepTerms, MeetingRole } from './meeting.ts';
import { seal } from './sealing.ts';

const callsPerSecondMax = 20; // each costs some milliseconds; further ones are refused as `busy`
const nothing = new Uint8Array();

export interface KeeperOptions extends KeepTerms {
  readonly code: Code;
  readonly random: (count: number) => Uint8Array;
  readonly self: PeerId;
  readonly host: SwarmHost;
}

/** A caller of whom the proof is awaited. */
interface Call {
  readonly session: Uint8Array;
  readonly theirs: CPaceHalf;
  readonly key: Uint8Array;
}

export class Keeper implements MeetingRole {
  readonly #options: KeeperOptions;
  readonly #calls = new Map<LinkId, Call>();
  readonly #endsAt: Instant;
  #triesLeft: number;
  #ended = false;
  /** The answer that tells the last guesser so: those around us hear that all is over when it has arrived. */
  #lastWord: { readonly link: LinkId; readonly request: RequestId } | undefined;
  #second = 0;
  #callsThisSecond = 0;

  constructor(options: KeeperOptions, now: Instant) {
    this.#options = options;
    this.#triesLeft = options.triesMax;
    this.#endsAt = after(now, options.lifeMs);
  }

  handleRequest(from: Attendant, request: RequestId, message: PeerRequest, now: Instant): void {
    if (!this.#ended && message.type === 'codeRequest') return this.#called(from, request, message, now);
    if (!this.#ended && message.type === 'proofRequest') return this.#proved(from, request, message, now);
    this.#options.host.refuse(from.link, request, 'notFound');
  }

  keeperCame(): void {
    // Others keep the code too: each answers for itself.
  }

  left(link: LinkId): void {
    this.#calls.delete(link);
    if (link === this.#lastWord?.link) this.#tellEnd('guessed');
  }

  handleSent(request: RequestId): void {
    if (request === this.#lastWord?.request) this.#tellEnd('guessed');
  }

  handleAnswer(_ask: AskId): void {
    // A keeper asks nobody.
  }

  handleAskFailed(_ask: AskId): void {
    // A keeper asks nobody.
  }

  isBusyWith(link: LinkId): boolean {
    return this.#calls.has(link);
  }

  nextTimeout(): Instant {
    return this.#ended ? NEVER : this.#endsAt;
  }

  handleTimeout(now: Instant): void {
    if (this.#ended || now < this.#endsAt) return;
    this.#end();
    this.#tellEnd('expired');
  }

  #called({ link, peer }: Attendant, request: RequestId, { session, share }: CodeRequest, now: Instant): void {
    const { code, random, self, host } = this.#options;
    if (this.#isTooMuch(now)) return host.refuse(link, request, 'busy');
    const inputs = inputsOf(code, session, { caller: peer, keeper: self });
    const secret = secretOf(random(share.length));
    const theirs = { share, data: nothing };
    const ours = { share: shareOf(inputs, secret), data: nothing };
    const key = sessionKeyOf(session, secret, theirs, { initiator: theirs, responder: ours });
    if (key === undefined) {
      host.accuse(peer, 'badMessage');
      return host.refuse(link, request, 'protocolViolated');
    }
    this.#calls.set(link, { session, theirs, key }); // one at a time for each link: a second takes the place of the first
    host.answer(link, request, { type: 'codeReply', share: ours.share }, nothing);
  }

  #proved({ link, peer, address }: Attendant, request: RequestId, { proof }: ProofRequest, now: Instant): void {
    const { code, ticket, host } = this.#options;
    const call = this.#calls.get(link);
    this.#calls.delete(link); // every call is good for one proof
    if (call === undefined) return host.refuse(link, request, 'notFound');
    const { session, theirs, key } = call;
    const isRight = confirms(proof, confirmationOf(key, session, theirs));
    if (!isRight) this.#triesLeft -= 1;
    const standing = { triesLeft: this.#triesLeft, lifeMs: Math.max(0, Math.floor(this.#endsAt - now)) };
    const sealed = isRight ? { sealed: seal(ticket, key, session) } : {};
    host.answer(link, request, { type: 'proofReply', ...standing, ...sealed }, nothing);
    const who = { meeting: code.meeting, peer, address };
    if (isRight) return host.emit({ type: 'codeAccepted', ...who });
    host.emit({ type: 'codeGuessed', ...who, triesLeft: this.#triesLeft });
    if (this.#triesLeft > 0) return;
    this.#end();
    this.#lastWord = { link, request };
  }

  /** Nobody is answered any more. */
  #end(): void {
    this.#ended = true;
    this.#calls.clear();
  }

  #tellEnd(reason: CodeEnd): void {
    this.#lastWord = undefined;
    this.#options.host.emit({ type: 'codeEnded', meeting: this.#options.code.meeting, reason });
  }

  #isTooMuch(now: Instant): boolean {
    const second = Math.floor(now / 1_000);
    this.#callsThisSecond = second === this.#second ? this.#callsThisSecond + 1 : 1;
    this.#second = second;
    return this.#callsThisSecond > callsPerSecondMax;
  }
}
