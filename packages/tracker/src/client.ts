// Keeps one tracker informed of what we offer and hold, and asks it for peers: dials it, dials again with growing pauses
// for ever, registers again when the tracker or the link was lost, and announces before it is forgotten.
// A machine that shares its carrier with others: `handleFact` says whether a fact was for it. One request is under way
// at a time, because exchanges on a link may overtake one another and a chunk register must not overtake its register.

import {
  type Address,
  after,
  type AskId,
  type Bitfield,
  earliest,
  type Instant,
  invariant,
  type LinkCode,
  type LinkFact,
  type LinkId,
  type LinkNumbers,
  type LinkOrder,
  type Machine,
  NEVER,
  Outbox,
  type PeerId,
  type Rng,
  Timers,
} from '@shoal/machine';
import {
  type AnnounceReply,
  chunkOfClaim,
  claimBytes,
  type ClaimReply,
  contactsIn,
  decode,
  encode,
  type FileOffer,
  isDraft,
  isTrackerReply,
  type Progress,
  type Refusal,
  type SwarmKey,
  type TrackerReply,
  type TrackerRequest,
} from '@shoal/wire';
import {
  type TrackerClientConfig,
  trackerClientDefaults,
  type TrackerClientOptions,
  type TrackerClientOutput,
  type TrackerTrouble,
} from './client-config.ts';
import { Holdings } from './holdings.ts';

type Alarm = 'retry' | 'ask' | 'batch' | 'announce' | 'holdOff';

/** Where we stand with the tracker. */
type Connection =
  | { readonly state: 'apart' }
  | { readonly state: 'dialling'; readonly dial: number }
  | { readonly state: 'linked'; readonly link: LinkId; readonly peer: PeerId }
  /** `dial` is still under way: its link will be closed at once. */
  | { readonly state: 'stopped'; readonly dial?: number };

const intervalMsMin = 1_000; // a tracker that wants to hear of us more often than this does not
const intervalJitter = 0.1; // announces of many peers that came together drift apart

export class TrackerClient implements Machine<TrackerClientOutput> {
  readonly #tracker: Address;
  readonly #numbers: LinkNumbers;
  readonly #rng: Rng;
  readonly #config: TrackerClientConfig;
  readonly #out = new Outbox<TrackerClientOutput>();
  readonly #timers = new Timers<Alarm>();
  readonly #holdings: Holdings;
  #connection: Connection = { state: 'apart' };
  #asked: { readonly ask: AskId; readonly request: TrackerRequest } | undefined;
  #health: 'unknown' | 'up' | 'down' = 'unknown';
  #failures = 0;
  #eagerAnnounces = 0;
  #stopping = false;

  constructor({ tracker, numbers, rng, config }: TrackerClientOptions) {
    this.#tracker = tracker;
    this.#numbers = numbers;
    this.#rng = rng.fork('tracker-client');
    this.#config = { ...trackerClientDefaults, ...config };
    this.#holdings = new Holdings(this.#config.batchChunks, this.#config.wantPeers);
  }

  get tracker(): Address {
    return this.#tracker;
  }

  /** Whether the tracker answered the last request. */
  get isUp(): boolean {
    return this.#health === 'up';
  }

  /** The port at which we accept links. Until one is set we are not registered, and only find peers. */
  setListenPort(port: number, now: Instant): void {
    this.#holdings.setListenPort(port);
    this.#pump(now);
  }

  /** Find peers of a swarm whose manifest we do not have yet. */
  find(swarm: SwarmKey, now: Instant): void {
    if (this.#stopping || !this.#holdings.find(swarm)) return;
    this.#eagerAnnounces = 0;
    this.#pump(now);
  }

  /**
   * Offer or want a file-set; `held` (copied) are the chunks we serve. Replaces an earlier `find` or `join` of it. For a
   * draft, `hashes` has 32 bytes for each chunk, right at least for those held: they are told to the tracker as claims.
   */
  join(offer: FileOffer, held: Bitfield, now: Instant, hashes?: Uint8Array): void {
    if (this.#stopping) return;
    invariant(isDraft(offer.swarm) === (hashes !== undefined), 'hashes go with drafts');
    this.#holdings.join(offer, held, hashes);
    this.#eagerAnnounces = 0;
    this.#pump(now);
  }

  /** The peers found will not do, since they are busy, say: announces come sooner again. */
  seek(now: Instant): void {
    if (this.#stopping || this.#timers.at('announce') === NEVER) return;
    this.#eagerAnnounces = 0;
    this.#timers.set(
      'announce',
      earliest(this.#timers.at('announce'), after(now, this.#jittered(this.#config.eagerMs))),
    );
  }

  /** We no longer have to do with the swarm. */
  leave(swarm: SwarmKey, now: Instant): void {
    this.#holdings.leave(swarm);
    this.#pump(now);
  }

  /** We now hold and serve these chunks; of a draft, with their hashes put where `join` was given them. Unknown swarms are ignored: they were left meanwhile. */
  chunksHeld(swarm: SwarmKey, chunks: readonly number[], now: Instant): void {
    if (this.#stopping) return;
    this.#holdings.add(swarm, chunks);
    if (this.#holdings.untold > 0 && this.#timers.at('batch') > after(now, this.#config.batchMs))
      this.#timers.set('batch', after(now, this.#config.batchMs));
    this.#pump(now);
  }

  /** Tell the tracker that we go, then close the link. Ends with `stopped`. */
  stop(now: Instant): void {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const alarm of ['retry', 'batch', 'announce', 'holdOff'] as const) this.#timers.clear(alarm);
    if (this.#connection.state !== 'linked') return this.#stopped();
    this.#cancelAsked(this.#connection.link);
    this.#ask(this.#connection.link, { type: 'leave' }, this.#config.leaveTimeoutMs, now);
  }

  /** Takes the fact if it is about our dial, link or request; otherwise answers false and does nothing. */
  handleFact(fact: LinkFact, now: Instant): boolean {
    if (fact.type === 'dialFailed' || (fact.type === 'linkOpened' && fact.dial !== undefined))
      return this.#handleDialled(fact, now);
    const connection = this.#connection;
    if (connection.state !== 'linked' || fact.link !== connection.link) return false;
    switch (fact.type) {
      case 'linkClosed':
        this.#connection = { state: 'apart' };
        this.#failed(fact.code, now);
        break;
      case 'answerReceived':
        if (fact.ask === this.#asked?.ask) this.#handleAnswer(fact.head, now);
        break;
      case 'askFailed':
        if (fact.ask !== this.#asked?.ask) break;
        this.#asked = undefined;
        this.#drop(fact.code, now);
        break;
      case 'requestReceived':
        this.#order({ type: 'refuse', link: fact.link, request: fact.request, code: 'notFound' });
        break;
      // A tracker says nothing unasked that we would listen to.
      case 'linkOpened':
      case 'linkMoved':
      case 'messageReceived':
      case 'requestCancelled':
      case 'answerSent':
      case 'answerProgressed':
    }
    return true;
  }

  poll(): TrackerClientOutput | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    return this.#timers.next();
  }

  handleTimeout(now: Instant): void {
    for (let alarm = this.#timers.pop(now); alarm !== undefined; alarm = this.#timers.pop(now)) {
      if (alarm === 'ask') this.#drop('silent', now);
      if (alarm === 'batch') this.#holdings.tellAll();
      if (alarm === 'announce') this.#holdings.startRound();
    }
    this.#pump(now);
  }

  #handleDialled(fact: LinkFact & { type: 'dialFailed' | 'linkOpened' }, now: Instant): boolean {
    const connection = this.#connection;
    if (!('dial' in connection) || fact.dial !== connection.dial) return false;
    if (connection.state === 'stopped') {
      if (fact.type === 'linkOpened') this.#order({ type: 'closeLink', link: fact.link, code: 'done' });
    } else if (fact.type === 'dialFailed') {
      this.#connection = { state: 'apart' };
      this.#failed(fact.code, now);
    } else {
      this.#connection = { state: 'linked', link: fact.link, peer: fact.peer };
      this.#holdings.forgotten(); // whoever answers now may know nothing of us
      this.#holdings.startRound();
      this.#pump(now);
    }
    return true;
  }

  /** Does the next thing that is to be done, if any: dial, or ask the most pressing request. */
  #pump(now: Instant): void {
    if (this.#stopping || this.#asked !== undefined || this.#isWaiting()) return;
    if (this.#connection.state === 'linked') {
      const request = this.#holdings.nextRequest();
      if (request !== undefined) this.#ask(this.#connection.link, request, this.#config.askTimeoutMs, now);
      return;
    }
    if (this.#connection.state !== 'apart' || this.#holdings.isEmpty) return;
    const dial = this.#numbers.nextDial();
    this.#connection = { state: 'dialling', dial };
    this.#order({ type: 'dial', dial, address: this.#tracker });
  }

  #isWaiting(): boolean {
    return Number.isFinite(this.#timers.at('retry')) || Number.isFinite(this.#timers.at('holdOff'));
  }

  #ask(link: LinkId, request: TrackerRequest, timeoutMs: number, now: Instant): void {
    const ask = this.#numbers.nextAsk();
    this.#asked = { ask, request };
    this.#timers.set('ask', after(now, timeoutMs));
    this.#order({ type: 'ask', link, ask, request: encode(request), bodyBytesMax: 0 });
  }

  #handleAnswer(head: Uint8Array, now: Instant): void {
    const { request } = this.#asked!;
    this.#asked = undefined;
    this.#timers.clear('ask');
    const decoded = decode(head);
    if (!decoded.ok || !isTrackerReply(decoded.message)) return this.#drop('protocolViolated', now);
    if (this.#stopping) return this.#stopped();
    if (!this.#handleReply(request, decoded.message, now)) return this.#drop('protocolViolated', now);
    this.#pump(now);
  }

  /** False when the reply is none to this request. */
  #handleReply(request: TrackerRequest, reply: TrackerReply, now: Instant): boolean {
    if (request.type === 'register' && reply.type === 'registerReply') {
      if (reply.files.length !== request.files.length) return false;
      this.#up();
      for (const [i, verdict] of reply.files.entries()) {
        const { swarm } = request.files[i]!;
        const refusal = verdict.accepted ? null : verdict.reason;
        this.#holdings.registered(swarm, refusal);
        if (refusal !== null) this.#out.push({ type: 'refused', swarm, refusal });
      }
      return true;
    }
    if (request.type === 'chunkRegister' && reply.type === 'chunkRegisterReply') {
      this.#up();
      if (!reply.verdict.accepted) this.#handleChunksRefused(request.swarm, reply.verdict.reason, now);
      return true;
    }
    if (request.type === 'claim' && reply.type === 'claimReply') {
      this.#up();
      if (!reply.verdict.accepted) this.#handleChunksRefused(request.swarm, reply.verdict.reason, now);
      else if (reply.standings.length * claimBytes !== request.claims.length) return false;
      else this.#out.push({ type: 'claimed', swarm: request.swarm, chunks: standingsOf(request.claims, reply) });
      return true;
    }
    if (request.type === 'announce' && reply.type === 'announceReply') {
      if (reply.swarms.length !== request.swarms.length) return false;
      this.#up();
      this.#handleAnnounced(request.swarms, reply, now);
      return true;
    }
    return request.type === 'leave' && reply.type === 'leaveReply';
  }

  #handleChunksRefused(swarm: SwarmKey, refusal: Refusal, now: Instant): void {
    if (refusal === 'unknownPeer') this.#holdings.forgotten();
    else if (refusal === 'unknownFile') this.#holdings.forgotten(swarm);
    else this.#out.push({ type: 'refused', swarm, refusal });
    // A tracker that takes a register and denies it at once must not be asked as fast as it answers.
    this.#timers.set('holdOff', after(now, this.#config.retryMinMs));
  }

  #handleAnnounced(asked: readonly Progress[], { swarms, intervalMs }: AnnounceReply, now: Instant): void {
    this.#failures = 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (const [i, { swarm }] of asked.entries()) {
      if (!this.#holdings.has(swarm)) continue; // left meanwhile
      const { known, peers } = swarms[i]!;
      this.#holdings.heard(swarm, known);
      const found = contactsIn(peers);
      fewest = Math.min(fewest, found.length);
      if (found.length > 0) this.#out.push({ type: 'peersFound', swarm, peers: found });
    }
    const eagerMs = this.#config.eagerMs * 2 ** this.#eagerAnnounces;
    const isEager = fewest < this.#config.fewPeers && eagerMs < intervalMs;
    if (isEager) this.#eagerAnnounces += 1;
    const pauseMs = Math.max(intervalMsMin, isEager ? eagerMs : intervalMs);
    this.#timers.set('announce', earliest(after(now, this.#jittered(pauseMs)), this.#timers.at('announce')));
  }

  #jittered(pauseMs: number): number {
    return pauseMs * (1 - intervalJitter * this.#rng.float());
  }

  #up(): void {
    if (this.#health === 'up' || this.#connection.state !== 'linked') return;
    this.#health = 'up';
    this.#out.push({ type: 'trackerUp', tracker: this.#tracker, peer: this.#connection.peer });
  }

  /** Gives the link up and tries again later. */
  #drop(reason: TrackerTrouble, now: Instant): void {
    if (this.#connection.state === 'linked') {
      this.#cancelAsked(this.#connection.link);
      const code: LinkCode = reason === 'protocolViolated' ? reason : 'cancelled';
      this.#order({ type: 'closeLink', link: this.#connection.link, code });
      this.#connection = { state: 'apart' };
    }
    this.#failed(reason, now);
  }

  #failed(reason: TrackerTrouble, now: Instant): void {
    this.#asked = undefined;
    for (const alarm of ['ask', 'announce', 'holdOff'] as const) this.#timers.clear(alarm);
    if (this.#stopping) return this.#stopped();
    if (this.#health !== 'down') this.#out.push({ type: 'trackerDown', tracker: this.#tracker, reason });
    this.#health = 'down';
    const pauseMs = Math.min(this.#config.retryMaxMs, this.#config.retryMinMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30); // 2 ** 30 is beyond every pause
    this.#timers.set('retry', after(now, pauseMs * (0.5 + this.#rng.float())));
  }

  #cancelAsked(link: LinkId): void {
    if (this.#asked !== undefined) this.#order({ type: 'cancelAsk', link, ask: this.#asked.ask });
    this.#asked = undefined;
    this.#timers.clear('ask');
  }

  #stopped(): void {
    const connection = this.#connection;
    if (connection.state === 'linked') this.#order({ type: 'closeLink', link: connection.link, code: 'done' });
    this.#connection =
      connection.state === 'dialling' ? { state: 'stopped', dial: connection.dial } : { state: 'stopped' };
    this.#out.push({ type: 'stopped' });
  }

  #order(order: LinkOrder): void {
    this.#out.push({ type: 'linkOrder', order });
  }
}

const standingsOf = (claims: Uint8Array, { standings }: ClaimReply) =>
  standings.map((standing, i) => ({ chunk: chunkOfClaim(claims, i * claimBytes), standing }));
