// The state of a swarm at one moment: the fold of all happenings until then. Peers are numbered in the order in which they
// first came or were spoken of. It holds no moment but those it was told, so the same list gives the same picture always.

import { assertNever } from '@shoal/machine';
import type { Happening, Role } from './happenings.ts';

/** In `givers`: not held; held from the start, or nobody knows from whom; this and above: given by peer number `n - given`. */
export const notHeld = 0;
export const heldAnyhow = 1;
export const given = 2;

interface Ask {
  readonly from: number;
  readonly atMs: number;
}

export interface PeerPicture {
  readonly name: string;
  label: string;
  role: Role;
  upBytesPerSecond: number | undefined;
  downBytesPerSecond: number | undefined;
  /** Undefined while it has not come, or has left. */
  cameAtMs: number | undefined;
  completedAtMs: number | undefined;
  /** Per chunk: from whom it came. */
  givers: Uint16Array;
  heldCount: number;
  /** Of these, from owners. */
  fromOwner: number;
  /** Damaged chunks it was sent. */
  damagedCount: number;
  /** Chunks under way to it, each from whom it was asked. */
  readonly asks: Map<number, readonly Ask[]>;
  sharesMs: Readonly<Record<string, number>>;
}

export interface LinkPicture {
  readonly peer: number;
  readonly remote: number;
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  readonly cwndBytes: number | undefined;
  readonly rttMs: number | undefined;
}

type LinkNumbers = Pick<
  Happening & { kind: 'link' },
  'upBytesPerSecond' | 'downBytesPerSecond' | 'cwndBytes' | 'rttMs'
>;
const unknownNumbers: LinkNumbers = { upBytesPerSecond: 0, downBytesPerSecond: 0 };

export interface ContentPicture {
  readonly name: string;
  readonly chunkCount: number;
  readonly bytes: number;
}

const peersMax = 65_000; // numbers of peers, and what `givers` adds to them, fit into 16 bits

export class Picture {
  content: ContentPicture = { name: '', chunkCount: 0, bytes: 0 };
  readonly peers: PeerPicture[];
  /** By `linkKey`: each end tells of its own side. */
  readonly links: Map<number, LinkPicture>;
  /** Per chunk: how many of those present hold it. */
  copies: Uint16Array = new Uint16Array();
  /** Chunks that came from owners, and from fellow receivers. */
  fromOwner = 0;
  fromPeers = 0;
  readonly #numbers: Map<string, number>;

  constructor(of?: Picture) {
    this.peers = of?.peers.map(copyOfPeer) ?? [];
    this.links = new Map(of?.links ?? []);
    this.#numbers = new Map(of === undefined ? [] : of.#numbers);
    if (of === undefined) return;
    this.content = of.content;
    this.copies = of.copies.slice();
    this.fromOwner = of.fromOwner;
    this.fromPeers = of.fromPeers;
  }

  /** Undefined when nothing was ever said of such a peer. */
  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** What the first peer tells of its link to the second. */
  linkBetween(peer: number, remote: number): LinkPicture | undefined {
    return this.links.get(linkKey(peer, remote));
  }

  /** Of those that came to receive. */
  get completedCount(): number {
    return this.peers.filter(({ role, completedAtMs }) => role === 'receiver' && completedAtMs !== undefined).length;
  }

  /** How many of those present hold the chunk that the fewest hold. */
  get rarestCopies(): number {
    let least = this.copies.length === 0 ? 0 : Infinity;
    for (const copies of this.copies) if (copies < least) least = copies;
    return least;
  }

  /** Takes in the next thing that happened. */
  apply(happening: Happening): void {
    switch (happening.kind) {
      case 'content':
        return this.#begin(happening);
      case 'came':
        return this.#come(happening);
      case 'left':
        return this.#leave(this.#number(happening.peer));
      case 'linked':
        return this.#link(happening);
      case 'unlinked':
        return void this.links.delete(linkKey(this.#number(happening.peer), this.#number(happening.remote)));
      case 'asked':
        return this.#ask(happening);
      case 'dropped':
        return this.#drop(happening);
      case 'damaged':
        this.#drop(happening);
        this.#peer(happening.peer).damagedCount += 1;
        return;
      case 'held':
        return this.#hold(happening);
      case 'link':
        return this.#link(happening, happening);
      case 'why':
        this.#peer(happening.peer).sharesMs = happening.sharesMs;
        return;
      case 'completed':
        this.#peer(happening.peer).completedAtMs ??= happening.atMs;
        return;
      default:
        assertNever(happening, 'happening');
    }
  }

  /** Everything, in plain values: two pictures are the same when these are. */
  toJSON(): unknown {
    return {
      content: this.content,
      peers: this.peers.map((peer) => ({ ...peer, givers: Array.from(peer.givers), asks: Array.from(peer.asks) })),
      links: Array.from(this.links.values()),
      copies: Array.from(this.copies),
      fromOwner: this.fromOwner,
      fromPeers: this.fromPeers,
    };
  }

  #begin({ name, chunkCount, bytes }: Happening & { kind: 'content' }): void {
    this.content = { name, chunkCount, bytes };
    this.copies = new Uint16Array(chunkCount);
    this.links.clear();
    this.fromOwner = this.fromPeers = 0;
    for (const [number, { name: peer, label, role }] of this.peers.entries())
      this.peers[number] = { ...newPeer(peer, chunkCount), label, role };
  }

  #come({ atMs, peer: name, role, label, held = [], ...rates }: Happening & { kind: 'came' }): void {
    const peer = this.#peer(name);
    peer.role = role;
    peer.label = label;
    peer.upBytesPerSecond = rates.upBytesPerSecond;
    peer.downBytesPerSecond = rates.downBytesPerSecond;
    if (peer.cameAtMs === undefined)
      for (const [chunk, giver] of peer.givers.entries()) if (giver !== notHeld) this.copies[chunk]! += 1;
    peer.cameAtMs = atMs;
    for (const [first, count] of held)
      for (let chunk = first; chunk < first + count; chunk += 1) this.#note(peer, chunk, heldAnyhow);
  }

  #leave(number: number): void {
    const peer = this.peers[number]!;
    if (peer.cameAtMs !== undefined)
      for (const [chunk, giver] of peer.givers.entries()) if (giver !== notHeld) this.copies[chunk]! -= 1;
    peer.cameAtMs = undefined;
    peer.asks.clear();
    for (const [key, link] of this.links) if (link.peer === number || link.remote === number) this.links.delete(key);
  }

  #ask({ atMs, peer, from, chunk }: Happening & { kind: 'asked' }): void {
    const { asks } = this.#peer(peer);
    asks.set(chunk, [...(asks.get(chunk) ?? []), { from: this.#number(from), atMs }]);
  }

  #drop({ peer, from, chunk }: Happening & { kind: 'dropped' | 'damaged' }): void {
    const { asks } = this.#peer(peer);
    const number = this.#number(from);
    const left = (asks.get(chunk) ?? []).filter((ask) => ask.from !== number);
    if (left.length > 0) asks.set(chunk, left);
    else asks.delete(chunk);
  }

  #hold({ peer: name, chunk, from }: Happening & { kind: 'held' }): void {
    const peer = this.#peer(name);
    peer.asks.delete(chunk);
    const giver = from === undefined ? undefined : this.#number(from);
    if (!this.#note(peer, chunk, giver === undefined ? heldAnyhow : given + giver) || giver === undefined) return;
    if (this.peers[giver]!.role !== 'owner') this.fromPeers += 1;
    else {
      this.fromOwner += 1;
      peer.fromOwner += 1;
    }
  }

  /** Whether it was news. */
  #note(peer: PeerPicture, chunk: number, giver: number): boolean {
    if (chunk >= peer.givers.length || peer.givers[chunk] !== notHeld) return false;
    peer.givers[chunk] = giver;
    peer.heldCount += 1;
    if (peer.cameAtMs !== undefined) this.copies[chunk]! += 1;
    return true;
  }

  #link(
    { peer, remote }: { readonly peer: string; readonly remote: string },
    numbers: LinkNumbers = unknownNumbers,
  ): void {
    const [near, far] = [this.#number(peer), this.#number(remote)];
    const key = linkKey(near, far);
    if (numbers === unknownNumbers && this.links.has(key)) return;
    const { upBytesPerSecond, downBytesPerSecond, cwndBytes, rttMs } = numbers;
    this.links.set(key, { peer: near, remote: far, upBytesPerSecond, downBytesPerSecond, cwndBytes, rttMs });
  }

  #peer(name: string): PeerPicture {
    return this.peers[this.#number(name)]!;
  }

  /** Somebody who is spoken of before coming has a place, too. More than fit share the last one. */
  #number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = Math.min(this.peers.length, peersMax - 1);
    this.#numbers.set(name, number);
    this.peers[number] ??= newPeer(name, this.content.chunkCount);
    return number;
  }
}

const linkKey = (peer: number, remote: number): number => peer * 65_536 + remote;

const newPeer = (name: string, chunkCount: number): PeerPicture => ({
  name,
  label: name,
  role: 'receiver',
  upBytesPerSecond: undefined,
  downBytesPerSecond: undefined,
  cameAtMs: undefined,
  completedAtMs: undefined,
  givers: new Uint16Array(chunkCount),
  heldCount: 0,
  fromOwner: 0,
  damagedCount: 0,
  asks: new Map(),
  sharesMs: {},
});

const copyOfPeer = (peer: PeerPicture): PeerPicture =>
  Object.assign({}, peer, { givers: peer.givers.slice(), asks: new Map(peer.asks) });
