// The tracker's table in memory. Gone with the process: peers register again when their tracker does not know them.

import { type Address, after, type Instant, type PeerId, type Rng, Timers } from '@shoal/machine';
import type { ChunkSet, FileListing, FileLocations, FileOffer, PeerContact, Refusal, SwarmId } from '@shoal/wire';
import { ListedFile, type Member } from './listed-file.ts';
import type { Located, StoreStats, TrackerStore } from './store.ts';

export interface MemoryStoreOptions {
  /** For the choice of peers. */
  readonly rng: Rng;
  /** A peer that was not heard of for so long is forgotten. */
  readonly ttlMs: number;
  readonly limits?: Partial<MemoryStoreLimits>;
}

export interface MemoryStoreLimits {
  /** Peers known at a time; a further one is refused with `full`, file by file. */
  readonly peersMax: number;
  /** Files of one peer; further ones are refused with `full`. */
  readonly filesPerPeerMax: number;
  /** Files listed at a time; further ones are refused with `full`. */
  readonly filesMax: number;
  /** Memory for the bitfields of peers that hold some chunks; who needs a further one is refused with `full`. */
  readonly bitsBytesMax: number;
}

export const memoryStoreLimits: MemoryStoreLimits = {
  peersMax: 1_000_000,
  filesPerPeerMax: 10_000,
  filesMax: 1_000_000,
  bitsBytesMax: 512 * 1024 * 1024,
};

/** Files that a list with a filter looks at, and files of one name that a search by name compares. */
const filterScanMax = 10_000;
const sameNameMax = 16;

interface KnownPeer {
  address: Address;
  readonly members: Map<SwarmId, Member>;
}

export class MemoryStore implements TrackerStore {
  readonly #rng: Rng;
  readonly #ttlMs: number;
  readonly #limits: MemoryStoreLimits;
  readonly #peers = new Map<PeerId, KnownPeer>();
  readonly #files = new Map<SwarmId, ListedFile>();
  readonly #order: ListedFile[] = []; // all files, each at its `place`: pages without walking over those before
  readonly #byName = new Map<string, Set<ListedFile>>();
  readonly #expiry = new Timers<PeerId>();
  #bitsBytes = 0;

  constructor({ rng, ttlMs, limits }: MemoryStoreOptions) {
    this.#rng = rng.fork('memory-store');
    this.#ttlMs = ttlMs;
    this.#limits = { ...memoryStoreLimits, ...limits };
  }

  register(peer: PeerId, address: Address, files: readonly FileOffer[], now: Instant): readonly (Refusal | null)[] {
    let known = this.#peers.get(peer);
    if (known === undefined) {
      if (this.#peers.size >= this.#limits.peersMax) return files.map(() => 'full');
      known = { address, members: new Map() };
      this.#peers.set(peer, known);
    }
    known.address = address;
    for (const member of known.members.values()) member.address = address;
    this.#expiry.set(peer, after(now, this.#ttlMs));
    return files.map((offer) => this.#list(peer, known, offer));
  }

  hold(peer: PeerId, swarm: SwarmId, held: ChunkSet, now: Instant): Refusal | null {
    const known = this.#peers.get(peer);
    if (known === undefined) return 'unknownPeer';
    this.#expiry.set(peer, after(now, this.#ttlMs));
    const member = known.members.get(swarm);
    if (member === undefined) return 'unknownFile';
    const before = bitsBytesOf(member);
    if (member.share === 'none' && this.#bitsBytes + member.file.bitsBytes() > this.#limits.bitsBytesMax) return 'full';
    if (!member.file.hold(member, held)) return 'badChunk';
    this.#bitsBytes += bitsBytesOf(member) - before;
    return null;
  }

  renew(
    peer: PeerId,
    swarms: readonly SwarmId[],
    contactsMax: number,
    now: Instant,
  ): { readonly known: boolean; readonly peers: readonly (readonly PeerContact[])[] } {
    const known = this.#peers.get(peer);
    if (known !== undefined) this.#expiry.set(peer, after(now, this.#ttlMs));
    const choose = (swarm: SwarmId): PeerContact[] => {
      const isSeeder = known?.members.get(swarm)?.share === 'all';
      const chosen = this.#files.get(swarm)?.choose(peer, contactsMax, isSeeder, this.#rng) ?? [];
      return chosen.map(({ address, peer }) => ({ address, peer }));
    };
    return { known: known !== undefined, peers: swarms.map(choose) };
  }

  list(
    filter: string,
    offset: number,
    countMax: number,
  ): { readonly total: number; readonly files: readonly FileListing[] } {
    if (filter === '')
      return {
        total: this.#order.length,
        files: this.#order.slice(offset, offset + countMax).map((file) => file.listing),
      };
    const matches = this.#order.slice(0, filterScanMax).filter((file) => file.offer.name.includes(filter));
    return { total: matches.length, files: matches.slice(offset, offset + countMax).map((file) => file.listing) };
  }

  locate(key: FileLocations['file']): Located | undefined {
    const file = 'swarm' in key ? this.#files.get(key.swarm) : this.#mostSeeded(key.name);
    return file && { file: file.listing, total: file.holderCount, ...file.holders(this.#rng) };
  }

  leave(peer: PeerId, swarm: SwarmId | undefined): boolean {
    const known = this.#peers.get(peer);
    if (known === undefined) return false;
    if (swarm !== undefined) {
      const member = known.members.get(swarm);
      if (member !== undefined) this.#remove(known, member);
      return member !== undefined;
    }
    for (const member of known.members.values()) this.#remove(known, member);
    this.#peers.delete(peer);
    this.#expiry.clear(peer);
    return true;
  }

  expire(now: Instant, countMax: number): { readonly expired: readonly PeerId[]; readonly remaining: number } {
    const expired: PeerId[] = [];
    while (expired.length < countMax) {
      const peer = this.#expiry.pop(now);
      if (peer === undefined) break;
      this.leave(peer, undefined);
      expired.push(peer);
    }
    return { expired, remaining: this.#peers.size };
  }

  stats(): StoreStats {
    return { peers: this.#peers.size, files: this.#files.size };
  }

  #list(peer: PeerId, known: KnownPeer, offer: FileOffer): Refusal | null {
    let file = this.#files.get(offer.swarm);
    if (file !== undefined && !file.matches(offer)) return 'mismatch';
    if (known.members.has(offer.swarm)) return null;
    if (known.members.size >= this.#limits.filesPerPeerMax) return 'full';
    if (file === undefined) {
      if (this.#files.size >= this.#limits.filesMax) return 'full';
      file = this.#addFile(offer);
    }
    known.members.set(offer.swarm, file.add(peer, known.address));
    return null;
  }

  #addFile(offer: FileOffer): ListedFile {
    const file = new ListedFile(offer);
    this.#files.set(offer.swarm, file);
    file.place = this.#order.push(file) - 1;
    const same = this.#byName.get(offer.name);
    if (same === undefined) this.#byName.set(offer.name, new Set([file]));
    else same.add(file);
    return file;
  }

  #remove(known: KnownPeer, member: Member): void {
    const { file } = member;
    this.#bitsBytes -= bitsBytesOf(member);
    file.remove(member);
    known.members.delete(file.offer.swarm);
    if (file.isEmpty) this.#removeFile(file);
  }

  #removeFile(file: ListedFile): void {
    const { name, swarm } = file.offer;
    this.#files.delete(swarm);
    const last = this.#order.pop()!;
    if (last !== file) {
      this.#order[file.place] = last;
      last.place = file.place;
    }
    const same = this.#byName.get(name)!;
    same.delete(file);
    if (same.size === 0) this.#byName.delete(name);
  }

  #mostSeeded(name: string): ListedFile | undefined {
    let best: ListedFile | undefined;
    let looked = 0;
    for (const file of this.#byName.get(name) ?? []) {
      if (best === undefined || file.seeders > best.seeders) best = file;
      looked += 1;
      if (looked === sameNameMax) break;
    }
    return best;
  }
}

const bitsBytesOf = (member: Member): number => (member.held === undefined ? 0 : member.file.bitsBytes());
