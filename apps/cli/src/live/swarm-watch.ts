// What a running peer can tell of its swarm, as happenings: events as they come, and what changed between two pictures of it.
// Peers are called by their whole identity here; whoever records shortens the names. Times are the caller's.

import { type Bitfield, formatAddress, type PeerId } from '@shoal/machine';
import type { HoldupShares, RateLimits, RemotePicture, SessionEvent, SwarmPicture } from '@shoal/peer';
import type { Happening, Role } from '@shoal/visualizer';

const linkEveryMs = 500; // how often links and reasons are told of: rates of less than that are noise

export interface SwarmWatchOptions {
  readonly self: PeerId;
  readonly role: Role;
  readonly label: string;
  /** Of the content. */
  readonly name: string;
  readonly limits?: RateLimits;
  /** The others tell of themselves. */
  readonly selfOnly: boolean;
}

/** A moment of a transfer. */
export interface Sight {
  /** Undefined while the content's cut is not known, and after the end. */
  readonly picture: SwarmPicture | undefined;
  readonly holdups: HoldupShares;
}

/** What was last told of a remote. */
interface Seen {
  held: Bitfield | undefined;
  role: Role;
  isComplete: boolean;
  measured: { readonly atMs: number; readonly bytesSent: number; readonly bytesReceived: number } | undefined;
  /** How its link did. */
  link: LinkFacts | undefined;
}

interface LinkFacts {
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  readonly cwndBytes: number;
  readonly rttMs: number;
}

type Run = readonly [first: number, count: number];

export class SwarmWatch {
  readonly #options: SwarmWatchOptions;
  readonly #remotes = new Map<PeerId, Seen>();
  #hasBegun = false;
  #linksToldAtMs = Number.NEGATIVE_INFINITY;
  /** Links that nothing was told of yet are told of at the next look, for there may be no other. */
  #isEnding = false;
  #why = '';

  constructor(options: SwarmWatchOptions) {
    this.#options = options;
  }

  /** What an event means; nothing before the first picture. */
  handle(event: SessionEvent, atMs: number): Happening[] {
    if (!this.#hasBegun) return [];
    const peer = this.#options.self;
    switch (event.type) {
      case 'chunkAsked':
        return [{ atMs, kind: 'asked', peer, from: event.from, chunk: event.chunk }];
      case 'chunkDropped':
        return [{ atMs, kind: 'dropped', peer, from: event.from, chunk: event.chunk }];
      case 'chunkHeld':
        return [{ atMs, kind: 'held', peer, from: event.from, chunk: event.chunk }];
      case 'chunkDamaged':
        return [{ atMs, kind: 'damaged', peer, from: event.from, chunk: event.chunk }];
      case 'completed':
        this.#isEnding = true;
        return [{ atMs, kind: 'completed', peer }];
      default:
        return [];
    }
  }

  /** What is new since the last look. */
  look({ picture, holdups }: Sight, atMs: number): Happening[] {
    if (picture === undefined) return this.#hasBegun ? this.#explain(holdups, atMs) : [];
    const told = this.#hasBegun ? [] : this.#begin(picture, atMs);
    for (const peer of this.#remotes.keys())
      if (!picture.remotes.some((remote) => remote.peer === peer)) told.push(...this.#leave(peer, atMs));
    for (const remote of picture.remotes) told.push(...this.#lookAt(remote, atMs));
    const isTime = atMs >= this.#linksToldAtMs + linkEveryMs;
    if (!isTime && !this.#isEnding) return told;
    for (const remote of picture.remotes)
      if (isTime || this.#remotes.get(remote.peer)!.link === undefined) told.push(...this.#measure(remote, atMs));
    if (isTime) this.#linksToldAtMs = atMs;
    this.#isEnding = false;
    return told.concat(this.#explain(holdups, atMs));
  }

  /** The transfer has ended: nothing moves any more. */
  end(sight: Sight, atMs: number): Happening[] {
    this.#isEnding = true;
    const told = this.look(sight, atMs);
    for (const [remote, { link }] of this.#remotes)
      if (link !== undefined) told.push({ atMs, kind: 'link', peer: this.#options.self, remote, ...link, ...still });
    return told;
  }

  #begin({ chunkCount, totalBytes, held }: SwarmPicture, atMs: number): Happening[] {
    this.#hasBegun = true;
    const { self, role, label, name, limits = {}, selfOnly } = this.#options;
    const rates = {
      ...(limits.upBytesPerSecondMax !== undefined && { upBytesPerSecond: limits.upBytesPerSecondMax }),
      ...(limits.downBytesPerSecondMax !== undefined && { downBytesPerSecond: limits.downBytesPerSecondMax }),
    };
    const told: Happening[] = [{ atMs, kind: 'came', peer: self, role, label, ...rates, ...runs(held) }];
    // Where all tell of themselves, the owner tells what it is about.
    if (!selfOnly || role === 'owner') told.unshift({ atMs, kind: 'content', name, chunkCount, bytes: totalBytes });
    if (held.isFull && role !== 'owner') told.push({ atMs, kind: 'completed', peer: self });
    return told;
  }

  #lookAt(remote: RemotePicture, atMs: number): Happening[] {
    const { peer, held } = remote;
    const { self, selfOnly } = this.#options;
    const role = remote.isOwner ? 'owner' : 'receiver';
    const known = this.#remotes.get(peer);
    const seen = known ?? { held: undefined, role, isComplete: false, measured: undefined, link: undefined };
    this.#remotes.set(peer, seen);
    const told: Happening[] = [];
    if (!selfOnly) told.push(...news(remote, known === undefined, seen, role, atMs));
    if (known === undefined) told.push({ atMs, kind: 'linked', peer: self, remote: peer });
    if (known === undefined) this.#measure(remote, atMs); // what it does is counted from here
    seen.role = role;
    seen.held = held;
    if (selfOnly || seen.isComplete || role === 'owner' || held?.isFull !== true) return told;
    seen.isComplete = true;
    return told.concat({ atMs, kind: 'completed', peer });
  }

  #leave(peer: PeerId, atMs: number): Happening[] {
    const { self, selfOnly } = this.#options;
    this.#remotes.delete(peer);
    const unlinked: Happening = { atMs, kind: 'unlinked', peer: self, remote: peer };
    return selfOnly ? [unlinked] : [unlinked, { atMs, kind: 'left', peer }];
  }

  /** Rates since the last time; nothing when nothing changed. */
  #measure({ peer, stats }: RemotePicture, atMs: number): Happening[] {
    const seen = this.#remotes.get(peer)!;
    if (stats === undefined) return [];
    const { bytesSent, bytesReceived, cwndBytes, srttMs } = stats;
    const before = seen.measured;
    seen.measured = { atMs, bytesSent, bytesReceived };
    if (before === undefined || atMs <= before.atMs) return [];
    const perSecond = (bytes: number): number => Math.max(0, Math.round((bytes * 1_000) / (atMs - before.atMs)));
    const facts: LinkFacts = {
      upBytesPerSecond: perSecond(bytesSent - before.bytesSent),
      downBytesPerSecond: perSecond(bytesReceived - before.bytesReceived),
      cwndBytes: Math.round(cwndBytes),
      rttMs: Math.round(srttMs * 100) / 100,
    };
    if (JSON.stringify(facts) === JSON.stringify(seen.link)) return [];
    seen.link = facts;
    return [{ atMs, kind: 'link', peer: this.#options.self, remote: peer, ...facts }];
  }

  #explain(holdups: HoldupShares, atMs: number): Happening[] {
    if (this.#options.role === 'owner') return [];
    const sharesMs = Object.fromEntries(Object.entries(holdups).map(([reason, ms]) => [reason, Math.round(ms)]));
    const why = JSON.stringify(sharesMs);
    if (why === this.#why || why === '{}') return [];
    this.#why = why;
    return [{ atMs, kind: 'why', peer: this.#options.self, sharesMs }];
  }
}

const still = { upBytesPerSecond: 0, downBytesPerSecond: 0 };

/** A remote is presented when it comes, and again when it turns out what it holds or is; then its chunks are told one by one. */
function news(
  { peer, address, held }: RemotePicture,
  isNew: boolean,
  seen: Seen,
  role: Role,
  atMs: number,
): Happening[] {
  if (isNew || role !== seen.role || (seen.held === undefined && held !== undefined))
    return [{ atMs, kind: 'came', peer, role, label: formatAddress(address), ...runs(held) }];
  if (held === undefined || held.count === seen.held!.count) return [];
  const before = seen.held!;
  return Array.from(held.ones())
    .filter((chunk) => !before.has(chunk))
    .map((chunk) => ({ atMs, kind: 'held', peer, chunk }));
}

/** The chunks held, as runs. */
function runs(held: Bitfield | undefined): { readonly held?: readonly Run[] } {
  const found: [number, number][] = [];
  for (const chunk of held?.ones() ?? []) {
    const last = found.at(-1);
    if (last !== undefined && last[0] + last[1] === chunk) last[1] += 1;
    else found.push([chunk, 1]);
  }
  return found.length === 0 ? {} : { held: found };
}
