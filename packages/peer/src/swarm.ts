// One file-set and everybody who shares it with us: first its manifest, then its chunks, then serving them. The parts do
// the work (metadata, fetching, giving); this file leads them and speaks the swarm's messages.

import type { Decoded, ManifestDocument, ManifestProblem } from '@shoal/chunker';
import {
  type Address,
  after,
  type AskId,
  assertNever,
  Bitfield,
  earliest,
  type ErrorCode,
  type Instant,
  type LinkCode,
  type LinkId,
  NEVER,
  type PeerId,
  type RequestId,
} from '@shoal/machine';
import {
  chunksPerMessageMax,
  type Join,
  type PeerMessage,
  type PeerReply,
  type PeerRequest,
  type SwarmId,
} from '@shoal/wire';
import { ByteBudget } from './byte-budget.ts';
import type { ContentShape } from './content.ts';
import type { WaitReason } from './events.ts';
import { Fetching } from './fetching/fetching.ts';
import { Giving } from './giving/giving.ts';
import { giveManifestPart } from './giving/manifest-parts.ts';
import type { SwarmHost } from './host.ts';
import { Metadata } from './metadata.ts';
import { News } from './news.ts';
import type { PickingPolicy } from './picking/policy.ts';
import { RarestFirst } from './picking/rarest-first.ts';
import type { RateLimits } from './rate-limits.ts';
import { Remote } from './remote.ts';
import type { StoreFact } from './store-orders.ts';
import { type SwarmReport, Tally } from './tally.ts';
import { WaitWatch } from './wait-watch.ts';

const finishRetryMs = 5_000; // how often a full disk is tried again when only the end is missing

/** Messages that concern one swarm, other than those that open and close it on a link. */
export type SwarmMessage = Extract<PeerMessage, { type: 'have' | 'interest' | 'unchoke' }>;

export interface SwarmOptions {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  /** The manifest; fetched from the swarm when absent. */
  readonly document?: ManifestDocument | undefined;
  /** There when the store is open already. `held` is taken over. */
  readonly content?: { readonly shape: ContentShape; readonly held: Bitfield } | undefined;
  /** Hand out disjoint first copies: for who brings content into a swarm that nobody else has. */
  readonly owner?: boolean | undefined;
  /** Of this swarm alone; those of the session hold besides. */
  readonly limits?: RateLimits | undefined;
  /** Rarest first unless given. */
  readonly picking?: ((chunkCount: number) => PickingPolicy) | undefined;
}

/** What is known once the store is open. */
interface Content {
  readonly shape: ContentShape;
  readonly held: Bitfield;
  readonly resumedBytes: number;
  readonly fetching: Fetching;
  readonly giving: Giving;
}

export class Swarm {
  readonly id: SwarmId;
  readonly #host: SwarmHost;
  readonly #options: SwarmOptions;
  readonly #tally: Tally;
  readonly #fetchBudget: ByteBudget;
  readonly #giveBudget: ByteBudget;
  readonly #metadata: Metadata;
  /** Everybody who has joined the swarm on a link of ours. */
  readonly #remotes = new Map<LinkId, Remote>();
  /** Links on which we have joined. */
  readonly #greeted = new Set<LinkId>();
  #document: ManifestDocument | undefined;
  #content: Content | undefined;
  #heldBytes = 0;
  #isFinished = false;
  readonly #news = new News((chunks) => this.#tellNews(chunks));
  #finishAt: Instant = NEVER;
  readonly #waits: WaitWatch;

  constructor(options: SwarmOptions, now: Instant) {
    this.id = options.swarm;
    this.#host = options.host;
    this.#options = options;
    this.#tally = new Tally(now);
    const { upBytesPerSecondMax, downBytesPerSecondMax } = options.limits ?? {};
    const { fetchBudget, giveBudget } = options.host;
    this.#fetchBudget = new ByteBudget({ bytesPerSecondMax: downBytesPerSecondMax, within: fetchBudget });
    this.#giveBudget = new ByteBudget({ bytesPerSecondMax: upBytesPerSecondMax, within: giveBudget });
    const tellWait = (reason: WaitReason): void => this.#host.emit({ type: 'waiting', swarm: this.id, reason });
    this.#waits = new WaitWatch(() => this.#waitReason(), tellWait, now);
    this.#metadata = new Metadata(this.id, this.#host, (manifest, bytes, from) => this.#arrived(manifest, bytes, from));
    this.#document = options.document;
    if (options.content !== undefined) this.#open(options.content.shape, options.content.held, now);
    else if (options.document !== undefined) this.#openStore(options.document);
  }

  /** The cut of the content and what is held of it; undefined until the store is open. */
  get content(): { readonly shape: ContentShape; readonly held: Bitfield } | undefined {
    return this.#content;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Whether the remote on this link would miss nothing, nor we, if the link ended. */
  isIdle(link: LinkId): boolean {
    const remote = this.#remotes.get(link);
    return remote === undefined || (this.#isFinished && remote.isComplete);
  }

  /** Joins on a link, unless we have. */
  greetOnce(link: LinkId): void {
    if (!this.#greeted.has(link)) this.greet(link);
  }

  /** Says on a link that we are in this swarm, with what we hold. */
  greet(link: LinkId): void {
    this.#greeted.add(link);
    const offering = this.#options.owner === true;
    this.#host.send(link, { type: 'join', swarm: this.id, bits: this.#visibleBits(), offering });
  }

  /** The remote on `link` is in this swarm, or says afresh what it holds. */
  handleJoin(link: LinkId, peer: PeerId, address: Address, { bits, offering }: Join, now: Instant): void {
    let remote = this.#remotes.get(link);
    if (remote === undefined) {
      remote = new Remote(link, peer, address, this.#tally.remote(peer, address));
      this.#remotes.set(link, remote);
      this.#host.emit({ type: 'remoteJoined', swarm: this.id, peer, address });
      this.greetOnce(link);
      const peers = this.#host.contactsFor(this.id, peer);
      if (peers.length > 0) this.#host.send(link, { type: 'peers', swarm: this.id, peers });
    }
    remote.isOffering = offering;
    if (bits.length > 0) remote.knowsManifest = true;
    if (this.#content === undefined) return this.#metadata.remoteJoined(remote, now);
    if (!remote.knowsManifest) return;
    if (!remote.knowsOurs) this.#greetKnowing(remote);
    const held = Bitfield.fromBytes(bits, this.#content.shape.chunkCount);
    if (held === undefined) return this.#host.accuse(peer, 'badMessage');
    this.#content.giving.remoteHolds(remote, held, now);
    this.#content.fetching.remoteHolds(remote, held, now);
  }

  /** The remote on `link` has left the swarm, or the link has ended. */
  handlePart(link: LinkId, now: Instant): void {
    this.#greeted.delete(link);
    const remote = this.#remotes.get(link);
    if (remote === undefined) return;
    this.#remotes.delete(link);
    this.#metadata.remoteLeft(remote, now);
    this.#content?.giving.remoteLeft(remote, now);
    this.#content?.fetching.remoteLeft(remote, now);
    this.#host.emit({ type: 'remoteLeft', swarm: this.id, peer: remote.peer, address: remote.address });
  }

  handleMessage(link: LinkId, message: SwarmMessage, now: Instant): void {
    const remote = this.#remotes.get(link);
    if (remote === undefined) return; // it joins first; whoever does not is not listened to
    switch (message.type) {
      case 'have':
        return this.#handleHave(remote, message.chunks, now);
      case 'interest':
        return this.#content?.giving.interestTold(remote, message.interested, message.declined, now);
      case 'unchoke':
        return this.#content?.fetching.unchoked(remote, message.requests, now);
      default:
        assertNever(message, 'swarm message');
    }
  }

  handleRequest(link: LinkId, request: RequestId, message: PeerRequest, now: Instant): void {
    const remote = this.#remotes.get(link);
    if (remote === undefined) return this.#host.refuse(link, request, 'notFound');
    if (message.type === 'manifestRequest')
      return giveManifestPart(this.#host, remote, request, this.#content && this.#document, message.part);
    if (this.#content === undefined) return this.#host.refuse(link, request, 'notFound');
    this.#content.giving.handleRequest(remote, request, message.chunk, now);
  }

  handleSent(link: LinkId, request: RequestId, now: Instant): void {
    this.#remotes.get(link)?.manifestParts.delete(request);
    this.#content?.giving.handleSent(request, now);
  }

  handleCancelled(link: LinkId, request: RequestId, now: Instant): void {
    const remote = this.#remotes.get(link);
    if (remote === undefined) return;
    remote.manifestParts.delete(request);
    this.#content?.giving.handleCancelled(remote, request, now);
  }

  /** `reply` is undefined when the head was no reply. */
  handleAnswer(ask: AskId, reply: PeerReply | undefined, body: Uint8Array, srttMs: number, now: Instant): void {
    if (this.#content?.fetching.handleAnswer(ask, reply, body, srttMs, now) !== true)
      this.#metadata.handleAnswer(ask, reply, body, now);
  }

  handleAskFailed(ask: AskId, code: LinkCode, now: Instant): void {
    if (this.#content?.fetching.handleAskFailed(ask, code, now) !== true) this.#metadata.handleAskFailed(ask, now);
  }

  handleProgress(ask: AskId, bodyBytes: number, now: Instant): void {
    this.#content?.fetching.handleProgress(ask, bodyBytes, now);
  }

  handleStore(fact: StoreFact, now: Instant): void {
    switch (fact.type) {
      case 'storeOpened':
        return this.#content === undefined ? this.#open(fact.shape, fact.held, now) : undefined;
      case 'storeRefused':
        return this.#host.failed(this.id, fact.code);
      case 'chunkStored':
        return this.#chunkStored(fact.chunk, now);
      case 'chunkDamaged':
        return this.#chunkDamaged(fact.chunk, now);
      case 'writeFailed':
        if (fact.code !== 'diskFull') return this.#host.failed(this.id, fact.code);
        return this.#content?.fetching.writeFailed(fact.chunk, fact.code, now);
      case 'chunkRead':
        return this.#content?.giving.chunkRead(fact.read, fact.body, now);
      case 'readFailed':
        return this.#readFailed(fact.read, fact.code, now);
      case 'storeFinished':
        return this.#finished(now);
      case 'finishFailed':
        return this.#finishFailed(fact.code, now);
      default:
        assertNever(fact, 'store fact');
    }
  }

  nextTimeout(): Instant {
    const own = earliest(
      this.#news.nextTimeout(),
      this.#finishAt,
      this.#waits.nextTimeout(),
      this.#metadata.nextTimeout(),
      this.#fetchBudget.nextTimeout(),
      this.#giveBudget.nextTimeout(),
    );
    if (this.#content === undefined) return own;
    const { fetching, giving } = this.#content;
    return earliest(own, fetching.nextTimeout(), giving.nextTimeout());
  }

  handleTimeout(now: Instant): void {
    this.#metadata.handleTimeout(now);
    this.#fetchBudget.serve(now);
    this.#giveBudget.serve(now);
    this.#content?.fetching.handleTimeout(now);
    this.#content?.giving.handleTimeout(now);
    this.#news.handleTimeout(now);
    if (now >= this.#finishAt) this.#finish();
    this.#waits.handleTimeout(now);
  }

  /** Leaves the swarm: says so to everybody in it and lets go of what was under way. */
  close(): void {
    this.#content?.fetching.close();
    this.#content?.giving.close();
    for (const link of this.#greeted) this.#host.send(link, { type: 'part', swarm: this.id });
    this.#host.order({ type: 'closeStore', swarm: this.id });
  }

  report(now: Instant): SwarmReport {
    const { shape, held, resumedBytes } = this.#content ?? {};
    return {
      ...this.#tally.report(now),
      totalBytes: shape?.totalBytes ?? 0,
      chunkCount: shape?.chunkCount ?? 0,
      heldBytes: this.#heldBytes,
      heldChunks: held?.count ?? 0,
      resumedBytes: resumedBytes ?? 0,
      remoteCount: this.#remotes.size,
    };
  }

  /** Joins again on the link of a remote that can now make sense of our bits. */
  #greetKnowing(remote: Remote): void {
    remote.knowsOurs = true;
    this.greet(remote.link);
  }

  /** What everybody is told at once; an owner's first copies are offered one by one. */
  #visibleBits(): Uint8Array {
    if (this.#content === undefined) return new Uint8Array();
    const { held, shape } = this.#content;
    return (this.#options.owner === true ? new Bitfield(shape.chunkCount) : held).toBytes();
  }

  #handleHave(remote: Remote, chunks: readonly number[], now: Instant): void {
    if (this.#content === undefined || remote.held === undefined) return; // its bits come with its next join
    const { shape, fetching, giving } = this.#content;
    if (chunks.some((chunk) => chunk >= shape.chunkCount)) return this.#host.accuse(remote.peer, 'badMessage');
    fetching.remoteHas(remote, chunks, now);
    giving.remoteHas(remote, chunks, now);
  }

  /** Every part of the manifest is the right one: what is wrong with it now is its maker's fault. */
  #arrived(manifest: Decoded<ManifestDocument, ManifestProblem>, bytes: number, from: Remote): void {
    if (!manifest.ok) return this.#host.failed(this.id, 'manifestInvalid', manifest.detail);
    this.#host.emit({ type: 'manifestReceived', swarm: this.id, from: from.peer, bytes });
    this.#openStore(manifest.value);
  }

  #openStore(document: ManifestDocument): void {
    this.#document = document;
    this.#metadata.hold();
    this.#host.order({ type: 'openStore', swarm: this.id, document });
  }

  #open(shape: ContentShape, held: Bitfield, now: Instant): void {
    for (const chunk of held.ones()) this.#heldBytes += shape.sizeOfChunk(chunk);
    const resumedBytes = this.#heldBytes;
    const { id: swarm } = this;
    const { host, owner, picking } = this.#options;
    const policy = picking?.(shape.chunkCount) ?? new RarestFirst(shape.chunkCount, host.rng.fork(`picking ${swarm}`));
    const tally = this.#tally;
    const fetching = new Fetching({ swarm, host, shape, held, policy, tally, budget: this.#fetchBudget });
    const giving = new Giving({ swarm, host, shape, held, tally, budget: this.#giveBudget, owner: owner === true });
    this.#content = { shape, held, resumedBytes, fetching, giving };
    const { chunkCount, totalBytes } = shape;
    const [heldChunks, heldBytes] = [held.count, this.#heldBytes];
    host.emit({ type: 'storeReady', swarm, chunkCount, totalBytes, heldChunks, heldBytes });
    host.opened(swarm);
    for (const remote of this.#remotes.values()) {
      remote.knowsOurs = remote.knowsManifest;
      this.greet(remote.link);
    }
    if (held.isFull) {
      if (this.#options.content === undefined) this.#finish();
      else this.#finished(now);
    }
  }

  #chunkStored(chunk: number, now: Instant): void {
    if (this.#content === undefined) return;
    const { shape, held, fetching } = this.#content;
    const from = fetching.chunkStored(chunk);
    if (from === undefined) return;
    const bytes = shape.sizeOfChunk(chunk);
    this.#heldBytes += bytes;
    this.#host.emit({ type: 'chunkHeld', swarm: this.id, chunk, bytes, from: from.peer });
    this.#news.add(chunk, held.isFull, now);
    if (held.isFull) this.#finish();
  }

  #chunkDamaged(chunk: number, now: Instant): void {
    const from = this.#content?.fetching.chunkDamaged(chunk);
    if (from === undefined) return;
    const { peer, address } = from;
    this.#host.emit({ type: 'chunkDamaged', swarm: this.id, chunk, from: peer, address });
    this.#content?.fetching.fill(now);
  }

  #readFailed(read: number, code: ErrorCode, now: Instant): void {
    const chunk = this.#content?.giving.readFailed(read, now);
    if (chunk === undefined || this.#content === undefined) return;
    this.#host.emit({ type: 'readFailed', swarm: this.id, chunk, code });
    // What no longer verifies is no longer held. Before the end it is fetched again; after it, others are asked.
    const isGone = code === 'storeDamaged' || code === 'contentChanged' || code === 'notFound';
    if (!isGone || !this.#content.held.clear(chunk)) return;
    this.#heldBytes -= this.#content.shape.sizeOfChunk(chunk);
    if (!this.#isFinished) this.#content.fetching.chunkLost(chunk, now);
  }

  /** Announces what was stored since the last time to whoever lacks it, and to an owner, which watches its copies spread. */
  #tellNews(chunks: readonly number[]): void {
    for (const remote of this.#remotes.values()) {
      if (!remote.knowsOurs) continue;
      const news = remote.isOffering ? chunks : chunks.filter((chunk) => !remote.has(chunk));
      for (let from = 0; from < news.length; from += chunksPerMessageMax) {
        const part = news.slice(from, from + chunksPerMessageMax);
        this.#host.send(remote.link, { type: 'have', swarm: this.id, chunks: part });
      }
    }
    this.#host.chunksHeld(this.id, chunks);
  }

  #finish(): void {
    this.#finishAt = NEVER;
    this.#host.order({ type: 'finishStore', swarm: this.id });
  }

  #finished(now: Instant): void {
    this.#isFinished = true;
    this.#waits.stop();
    this.#tally.completed(now);
    if (this.#options.content === undefined)
      this.#host.emit({ type: 'completed', swarm: this.id, elapsedMs: this.#tally.elapsedMs(now) });
  }

  #finishFailed(code: ErrorCode, now: Instant): void {
    if (code !== 'diskFull') return this.#host.failed(this.id, code);
    this.#host.emit({ type: 'paused', swarm: this.id, code });
    this.#finishAt = after(now, finishRetryMs);
  }

  /** Why nothing goes on. */
  #waitReason(): WaitReason | undefined {
    if (this.#content?.held.isFull === true || this.#content?.fetching.isPaused === true) return undefined;
    if (this.#remotes.size === 0) return 'noPeers';
    if (this.#content === undefined) return this.#document === undefined ? 'noManifest' : undefined;
    return this.#content.fetching.hasSource ? undefined : 'noSource';
  }
}
