// One file-set and everybody who shares it with us: first its manifest, then its chunks, then serving them. The parts do
// the work (metadata, fetching, giving); this file leads them and speaks the swarm's messages.

import type { Decoded, ManifestDocument, ManifestProblem } from '@shoal/chunker';
import type { Bitfield } from '@shoal/machine';
import {
  type Address,
  type AskId,
  assertNever,
  earliest,
  type ErrorCode,
  formatAddress,
  type Instant,
  type LinkCode,
  type LinkFact,
  type LinkId,
  type RequestId,
} from '@shoal/machine';
import {
  type Join,
  type PeerMessage,
  type PeerReply,
  type PeerRequest,
  type SwarmId,
  type SwarmKey,
} from '@shoal/wire';
import { ByteBudget } from './byte-budget.ts';
import type { ContentShape } from './content.ts';
import { Departure } from './departure.ts';
import type { DraftContent } from './draft-content.ts';
import type { WaitReason } from './events.ts';
import { Finishing } from './finishing.ts';
import { giveManifestPart } from './giving/manifest-parts.ts';
import type { Gathering } from './gathering.ts';
import type { SwarmHost } from './host.ts';
import type { Neighbour } from './links/neighbours.ts';
import type { JoinOptions } from './join-options.ts';
import { Members } from './members.ts';
import { Metadata } from './metadata.ts';
import { OpenContent } from './open-content.ts';
import type { PrioritySpan, ReadingPlace } from './picking/demand.ts';
import { pictureOf, type SwarmPicture } from './picture.ts';
import type { Remote } from './remote.ts';
import type { StoreFact } from './store-orders.ts';
import { type SwarmReport, Tally } from './tally.ts';
import type { Holdup } from './time-shares.ts';
import { WaitWatch } from './wait-watch.ts';

/** Messages that concern one swarm, other than those that open and close it on a link. */
export type SwarmMessage = Extract<PeerMessage, { type: 'have' | 'lost' | 'interest' | 'unchoke' }>;

export interface SwarmOptions extends Omit<JoinOptions, 'trackers' | 'peers'> {
  readonly host: SwarmHost;
}

export class Swarm implements Gathering {
  readonly id: SwarmId;
  readonly #host: SwarmHost;
  readonly #options: SwarmOptions;
  readonly #tally: Tally;
  readonly #fetchBudget: ByteBudget;
  readonly #giveBudget: ByteBudget;
  readonly #metadata: Metadata;
  readonly #members: Members;
  #document: ManifestDocument | undefined;
  /** Undefined before the store is open. */
  #content: OpenContent | undefined;
  readonly #finishing: Finishing;
  /** As far as told before the store was open; everything unless told. */
  #wanted: readonly PrioritySpan[] | undefined;
  readonly #waits: WaitWatch;
  readonly #departure: Departure;

  constructor(options: SwarmOptions, now: Instant) {
    this.id = options.swarm;
    this.#host = options.host;
    this.#options = options;
    this.#tally = new Tally(now);
    this.#finishing = new Finishing(this.id, this.#host, () => this.#isComplete());
    if (options.draft !== undefined) this.#wanted = []; // nothing before it is agreed upon
    this.#members = new Members({
      swarm: this.id,
      host: this.#host,
      tally: this.#tally,
      offering: options.owner === true,
      neighbours: options.neighbours,
      visibleBits: () => this.#content?.visibleBits ?? new Uint8Array(),
    });
    const { upBytesPerSecondMax, downBytesPerSecondMax } = options.limits ?? {};
    const { fetchBudget, giveBudget } = options.host;
    this.#fetchBudget = new ByteBudget({ bytesPerSecondMax: downBytesPerSecondMax, within: fetchBudget });
    this.#giveBudget = new ByteBudget({ bytesPerSecondMax: upBytesPerSecondMax, within: giveBudget });
    const tellWait = (reason: WaitReason): void => this.#host.emit({ type: 'waiting', swarm: this.id, reason });
    this.#waits = new WaitWatch(() => this.#holdup(), tellWait, now);
    const { host, owner: isOwner = false } = options;
    const tell = (): void => host.emit({ type: 'mayLeave', swarm: this.id });
    const held = (): Bitfield | undefined => this.#content?.held;
    this.#departure = new Departure({ self: host.self, isOwner, remotes: this.#members, held, tell });
    this.#metadata = new Metadata(this.id, this.#host, (manifest, bytes, from) => this.#arrived(manifest, bytes, from));
    this.#document = options.document;
    if (options.content !== undefined) this.#open(options.content.shape, options.content.held, now);
    else if (options.document !== undefined) this.#openStore(options.document);
  }

  get name(): string {
    return this.#options.name;
  }

  /** What trackers know it by. */
  get key(): SwarmKey {
    return this.#options.draft?.id ?? this.id;
  }

  /** What it goes by instead of a manifest. */
  get draft(): DraftContent | undefined {
    return this.#options.draft;
  }

  /** The cut of the content and what is held of it; undefined until the store is open. */
  get content(): { readonly shape: ContentShape; readonly held: Bitfield } | undefined {
    return this.#content;
  }

  /** Whether it takes part with whomever it finds. */
  get isOpen(): boolean {
    return this.#options.neighbours === undefined;
  }

  /** Whether all that is wanted is held, and what is wanted can no longer change. */
  get isFinishing(): boolean {
    return this.#finishing.hasBegun;
  }

  /** Only these chunks are wanted from now on, some before others. Too late once it is finishing. */
  want(spans: readonly PrioritySpan[], now: Instant): void {
    if (this.isFinishing) return;
    this.#wanted = spans;
    this.#content?.fetching.want(spans, now);
    this.#finishing.begin();
  }

  /** Peers agree on what these chunks of a draft hash to: all so far, and those of them that are `here`. */
  agree(agreed: Bitfield, here: readonly number[], now: Instant): void {
    this.#content?.found(here, now);
    this.want(
      Array.from(agreed.ones(), (first) => ({ first, end: first + 1, priority: 'normal' as const })),
      now,
    );
  }

  /** A tracker knows what we claim of these chunks: those that we still have are served from now on. */
  claimed(chunks: readonly number[], now: Instant): void {
    const there = chunks.filter((chunk) => this.draft?.claimed.has(chunk));
    this.#content?.found(there, now);
  }

  /** Somebody reads, and waits for the chunk at this place; undefined when it reads no more. */
  read(reader: number, place: ReadingPlace | undefined, now: Instant): void {
    this.#content?.fetching.read(reader, place, now);
  }

  /** The store no longer has a chunk as it was. Before the end it is fetched again. */
  lost(chunk: number, code: ErrorCode, now: Instant): void {
    this.#content?.lost(chunk, code, !this.#finishing.isDone, now);
  }

  /** Emits `mayLeave` when all that we hold is with others who stay, after `withinMs` at the latest. */
  wishToLeave(withinMs: number, now: Instant): void {
    this.#departure.wish(withinMs, now);
  }

  /** Whether anybody may be told that we take part. */
  get isListed(): boolean {
    return this.#options.listed === true;
  }

  /** Whether the remote on this link would miss nothing, nor we, if the link ended. */
  isIdle(link: LinkId): boolean {
    const remote = this.#members.get(link);
    return remote === undefined || (this.#finishing.isDone && remote.isComplete);
  }

  /** Joins on a link, unless we have. */
  greetOnce(link: LinkId): void {
    this.#members.greetOnce(link);
  }

  /** We were found at an address that we were told of. */
  metSelf(address: Address): void {
    const what = `the neighbour ${formatAddress(address)} is this peer itself: name another`;
    if (!this.isOpen) this.#host.failed(this.id, 'refused', what);
  }

  /** The remote on `link` is in this swarm, or says afresh what it holds. */
  handleJoin(neighbour: Neighbour, { bits, offering }: Join, now: Instant): void {
    this.#account(now);
    const remote = this.#members.joined(neighbour);
    if (remote === undefined) return;
    remote.isOffering = offering;
    if (bits.length > 0) remote.knowsManifest = true;
    if (this.#content === undefined) return remote.role.isAsked ? this.#metadata.remoteJoined(remote, now) : undefined;
    if (!remote.knowsManifest) return;
    if (!remote.knowsOurs) this.#greetKnowing(remote);
    this.#content.remoteHolds(remote, bits, now);
  }

  /** The remote on `link` has left the swarm, or the link has ended. */
  handlePart(link: LinkId, now: Instant): void {
    this.#account(now);
    const remote = this.#members.left(link);
    if (remote === undefined) return;
    this.#metadata.remoteLeft(remote, now);
    this.#content?.remoteLeft(remote, now);
    this.#host.emit({ type: 'remoteLeft', swarm: this.id, peer: remote.peer, address: remote.address });
  }

  handleMessage(link: LinkId, message: SwarmMessage, now: Instant): void {
    this.#account(now);
    const remote = this.#members.get(link);
    if (remote === undefined) return; // it joins first; whoever does not is not listened to
    switch (message.type) {
      case 'have':
        return this.#content?.remoteHas(remote, message.chunks, now);
      case 'lost':
        return this.#content?.remoteLost(remote, message.chunks, now);
      case 'interest':
        if (remote.role.isServed) this.#content?.giving.interestTold(remote, message.interested, message.declined, now);
        return;
      case 'unchoke':
        if (remote.role.isAsked) this.#content?.fetching.unchoked(remote, message.requests, now);
        return;
      default:
        assertNever(message, 'swarm message');
    }
  }

  handleRequest(link: LinkId, request: RequestId, message: PeerRequest, now: Instant): void {
    const remote = this.#members.get(link);
    if (remote?.role.isServed !== true) return this.#host.refuse(link, request, 'notFound');
    if (message.type === 'manifestRequest')
      return giveManifestPart(this.#host, remote, request, this.#content && this.#document, message.part);
    if (this.#content === undefined || message.type !== 'chunkRequest')
      return this.#host.refuse(link, request, 'notFound');
    this.#content.giving.handleRequest(remote, request, message.chunk, now);
  }

  handleSent({ link, request, limits }: LinkFact & { type: 'answerSent' }, now: Instant): void {
    this.#members.get(link)?.manifestParts.delete(request);
    this.#content?.giving.handleSent(request, limits, now);
  }

  handleCancelled(link: LinkId, request: RequestId, now: Instant): void {
    const remote = this.#members.get(link);
    if (remote === undefined) return;
    remote.manifestParts.delete(request);
    this.#content?.giving.handleCancelled(remote, request, now);
  }

  /** `reply` is undefined when the head was no reply. */
  handleAnswer(fact: LinkFact & { type: 'answerReceived' }, reply: PeerReply | undefined, now: Instant): void {
    this.#account(now);
    if (this.#content?.fetching.handleAnswer(fact, reply, now) !== true)
      this.#metadata.handleAnswer(fact.ask, reply, fact.body, now);
  }

  handleAskFailed(ask: AskId, code: LinkCode, now: Instant): void {
    this.#account(now);
    if (this.#content?.fetching.handleAskFailed(ask, code, now) !== true) this.#metadata.handleAskFailed(ask, now);
  }

  handleProgress(ask: AskId, bodyBytes: number, now: Instant): void {
    this.#content?.fetching.handleProgress(ask, bodyBytes, now);
  }

  handleStore(fact: StoreFact, now: Instant): void {
    this.#account(now);
    switch (fact.type) {
      case 'storeOpened':
        return this.#content === undefined ? this.#open(fact.shape, fact.held, now) : undefined;
      case 'storeRefused':
        return this.#host.failed(this.id, fact.code);
      case 'chunkStored':
        return this.#chunkStored(fact, now);
      case 'chunkDamaged':
        return this.#content?.damaged(fact.chunk, now);
      case 'writeFailed':
        if (fact.code !== 'diskFull') return this.#host.failed(this.id, fact.code);
        return this.#content?.fetching.writeFailed(fact.chunk, fact.code, now);
      case 'chunkRead':
        return this.#content?.giving.chunkRead(fact.read, fact.body, now);
      case 'readFailed':
        return this.#readFailed(fact, now);
      case 'storeFinished':
        return this.#finished(fact.held, now);
      case 'finishFailed':
        return this.#finishing.failed(fact.code, now);
      default:
        assertNever(fact, 'store fact');
    }
  }

  nextTimeout(): Instant {
    const own = earliest(
      this.#finishing.nextTimeout(),
      this.#waits.nextTimeout(),
      this.#departure.nextTimeout(),
      this.#metadata.nextTimeout(),
      this.#fetchBudget.nextTimeout(),
      this.#giveBudget.nextTimeout(),
    );
    return this.#content === undefined ? own : earliest(own, this.#content.nextTimeout());
  }

  handleTimeout(now: Instant): void {
    this.#account(now);
    this.#metadata.handleTimeout(now);
    this.#fetchBudget.serve(now);
    this.#giveBudget.serve(now);
    this.#content?.handleTimeout(now);
    this.#finishing.handleTimeout(now);
    this.#waits.handleTimeout(now);
    this.#departure.handleTimeout(now);
  }

  /** Leaves the swarm: says so to everybody in it and lets go of what was under way. */
  close(): void {
    this.#content?.close();
    this.#members.part();
    this.#host.order({ type: 'closeStore', swarm: this.id });
  }

  report(now: Instant): SwarmReport {
    this.#account(now);
    return {
      totalBytes: 0,
      wantedBytes: 0,
      missingBytes: 0,
      chunkCount: 0,
      heldBytes: 0,
      heldChunks: 0,
      resumedBytes: 0,
      ...this.#content?.report(),
      ...this.#tally.report(now),
      remoteCount: this.#members.size,
    };
  }

  /** Undefined until the store is open. */
  picture(): SwarmPicture | undefined {
    return this.#content && pictureOf(this.#content, this.#members);
  }

  /** Joins again on the link of a remote that can now make sense of our bits. */
  #greetKnowing(remote: Remote): void {
    remote.knowsOurs = true;
    this.#members.greet(remote.link);
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
    const { id: swarm } = this;
    const { host } = this.#options;
    const content = new OpenContent({
      ...this.#options,
      swarm,
      shape,
      held,
      tally: this.#tally,
      fetchBudget: this.#fetchBudget,
      giveBudget: this.#giveBudget,
      remotes: this.#members,
    });
    if (this.#wanted !== undefined) content.fetching.want(this.#wanted, now);
    this.#content = content;
    const { chunkCount, totalBytes } = shape;
    const [heldChunks, heldBytes] = [held.count, content.holding.bytes];
    host.emit({ type: 'storeReady', swarm, chunkCount, totalBytes, heldChunks, heldBytes });
    host.opened(swarm);
    for (const remote of this.#members) {
      remote.knowsOurs = remote.knowsManifest;
      this.#members.greet(remote.link);
    }
    if (this.#options.content === undefined) this.#finishing.begin();
    else if (held.isFull) this.#finished(undefined, now);
  }

  #chunkStored(fact: StoreFact & { type: 'chunkStored' }, now: Instant): void {
    this.#content?.stored(fact, now);
    this.#finishing.begin();
  }

  #readFailed({ read, chunk, code }: StoreFact & { type: 'readFailed' }, now: Instant): void {
    this.#content?.giving.readFailed(read, now);
    this.lost(chunk, code, now);
  }

  #finished(left: Bitfield | undefined, now: Instant): void {
    if (left !== undefined) this.#content?.holding.keepOnly(left);
    this.#finishing.done();
    this.#waits.stop();
    this.#tally.completed(now);
    if (this.#options.content === undefined || this.#options.draft !== undefined)
      this.#host.emit({ type: 'completed', swarm: this.id, elapsedMs: this.#tally.elapsedMs(now) });
  }

  /** A draft is complete when all of it is agreed upon, and wanted by that. */
  #isComplete(): boolean {
    const { fetching, shape } = this.#content ?? {};
    if (fetching?.isComplete !== true) return false;
    return this.#options.draft === undefined || fetching.wantedBytes === shape?.totalBytes;
  }

  /** Called before anything changes: what has held us up until now still does. */
  #account(now: Instant): void {
    this.#tally.heldUpBy(this.#holdup(), now);
  }

  #holdup(): Holdup | 'answers' {
    if (this.#content?.fetching.isComplete !== true && this.#members.size === 0) return 'noPeers';
    if (this.#content !== undefined) return this.#content.fetching.holdup;
    return this.#document === undefined ? 'noManifest' : 'disk';
  }
}
