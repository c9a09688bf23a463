// The tracker's table in memory. Gone with the process: peers register again when their tracker does not know them.

import { type Address, after, type Instant, type PeerId, type Rng, Timers } from '@shoal/machine';
import {
  chunkOfClaim,
  type ChunkSet,
  claimBytes,
  type ClaimedChunk,
  contactBytes,
  type DraftId,
  type FileListing,
  type FileLocations,
  type FileOffer,
  isDraft,
  parseDraft,
  type Progress,
  type Refusal,
  type Standing,
  type SwarmId,
  type SwarmKey,
  type SwarmNews,
  writeContact,
} from '@shoal/wire';
import { DraftClaims } from './draft-claims.ts';
import { ListedFile, type Member } from './listed-file.ts';
import {
  type Claimed,
  type ClaimPage,
  type Located,
  type StoreStats,
  type StoreTerms,
  storeTermsDefaults,
  type TrackerStore,
} from './store.ts';
import { voiceOf } from './voice.ts';

export interface MemoryStoreOptions extends Partial<StoreTerms> {
  /** For the choice of peers. */
  readonly rng: Rng;
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
  /** Memory for the claims about one draft; further ones are refused with `full`. */
  readonly claimsBytesPerDraftMax: number;
}

export const memoryStoreLimits: MemoryStoreLimits = {
  peersMax: 1_000_000,
  filesPerPeerMax: 10_000,
  filesMax: 1_000_000,
  bitsBytesMax: 512 * 1024 * 1024,
  claimsBytesPerDraftMax: 64 * 1024 * 1024,
};

/** Files that a list with a filter looks at, and files of one name that a search by name compares. */
const filterScanMax = 10_000;
/** Chunks that a page of claims looks at. */
const claimScanMax = 10_000;
const sameNameMax = 16;

interface KnownPeer {
  address: Address;
  readonly members: Map<SwarmKey, Member>;
}

export class MemoryStore implements TrackerStore {
  readonly #rng: Rng;
  readonly #terms: StoreTerms;
  readonly #pins = new Map<DraftId, { readonly derived: SwarmId; readonly hashes: Uint8Array }>();
  readonly #limits: MemoryStoreLimits;
  readonly #peers = new Map<PeerId, KnownPeer>();
  readonly #files = new Map<SwarmKey, ListedFile>();
  readonly #order: ListedFile[] = []; // all files, each at its `place`: pages without walking over those before
  readonly #byName = new Map<string, Set<ListedFile>>();
  readonly #expiry = new Timers<PeerId>();
  #bitsBytes = 0;

  constructor({ rng, limits, ...terms }: MemoryStoreOptions) {
    this.#rng = rng.fork('memory-store');
    this.#terms = { ...storeTermsDefaults, ...terms };
    this.#limits = { ...memoryStoreLimits, ...limits };
  }

  register(peer: PeerId, address: Address, files: readonly FileOffer[], now: Instant): readonly (Refusal | null)[] {
    let known = this.#peers.get(peer);
    if (known === undefined) {
      if (this.#peers.size >= this.#limits.peersMax) return files.map(() => 'full');
      known = { address, members: new Map() };
      this.#peers.set(peer, known);
    }
    this.#move(known, peer, address);
    this.#expiry.set(peer, after(now, this.#terms.ttlMs));
    return files.map((offer) => this.#list(peer, known, offer));
  }

  hold(peer: PeerId, swarm: SwarmKey, held: ChunkSet, now: Instant): Refusal | null {
    const known = this.#peers.get(peer);
    if (known === undefined) return 'unknownPeer';
    this.#expiry.set(peer, after(now, this.#terms.ttlMs));
    const member = known.members.get(swarm);
    if (member === undefined) return 'unknownFile';
    if (isDraft(swarm)) return 'claimNeeded';
    const before = bitsBytesOf(member);
    if (member.share === 'none' && this.#bitsBytes + member.file.bitsBytes() > this.#limits.bitsBytesMax) return 'full';
    if (!member.file.hold(member, held)) return 'badChunk';
    this.#bitsBytes += bitsBytesOf(member) - before;
    return null;
  }

  claim(peer: PeerId, swarm: DraftId, claims: Uint8Array, now: Instant): Claimed | Refusal {
    const known = this.#peers.get(peer);
    if (known === undefined) return 'unknownPeer';
    this.#expiry.set(peer, after(now, this.#terms.ttlMs));
    const member = known.members.get(swarm);
    if (member === undefined) return 'unknownFile';
    const { file } = member;
    const table = file.claims!;
    for (let at = 0; at < claims.length; at += claimBytes)
      if (chunkOfClaim(claims, at) >= file.offer.chunkCount) return 'badChunk';
    if (table.bytes > this.#limits.claimsBytesPerDraftMax) return 'full';
    member.claimer ??= table.enter(voiceOf(peer, known.address));
    if (member.claimer === undefined) return 'quotaExceeded';
    const standings: Standing[] = [];
    for (let at = 0; at < claims.length; at += claimBytes) standings.push(table.claim(member.claimer, claims, at));
    file.claimed(member);
    return { standings, complete: this.#checkDerived(file) && file.derived === undefined };
  }

  renew(
    peer: PeerId,
    address: Address | undefined,
    swarms: readonly Progress[],
    contactsMax: number,
    now: Instant,
  ): readonly SwarmNews[] {
    const known = this.#peers.get(peer);
    if (known !== undefined) this.#expiry.set(peer, after(now, this.#terms.ttlMs));
    if (known !== undefined && address !== undefined) this.#move(known, peer, address);
    return swarms.map(({ swarm, held }): SwarmNews => {
      const member = known?.members.get(swarm);
      const chosen = this.#files.get(swarm)?.choose(peer, contactsMax, member?.share === 'all', this.#rng) ?? [];
      const peers = new Uint8Array(chosen.length * contactBytes);
      for (const [i, contact] of chosen.entries()) writeContact(contact.address, contact.peer, peers, i * contactBytes);
      return {
        known: member === undefined ? 'no' : member.file.heldBy(member) < held ? 'behind' : 'yes',
        peers,
      };
    });
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

  claims(swarm: DraftId, from: number, only: Standing | undefined, countMax: number): ClaimPage | undefined {
    const file = this.#files.get(swarm);
    if (file?.claims === undefined) return undefined;
    const chunks: ClaimedChunk[] = [];
    let chunk = from;
    const end = Math.min(file.offer.chunkCount, from + claimScanMax);
    for (; chunk < end && chunks.length < countMax; chunk += 1) {
      const claimed = file.claims.look(chunk);
      if (claimed !== undefined && (only ?? claimed.standing) === claimed.standing) chunks.push(claimed);
    }
    const page = { file: file.listing, counts: file.claims.counts, chunks };
    return chunk < file.offer.chunkCount ? { ...page, next: chunk } : page;
  }

  derive(swarm: DraftId): SwarmId | undefined {
    const file = this.#files.get(swarm);
    if (file === undefined || !this.#checkDerived(file)) return file?.derived;
    const { chunkCount } = file.offer;
    const hashes = new Uint8Array(chunkCount * 32);
    for (let chunk = 0; chunk < chunkCount; chunk += 1) hashes.set(file.claims!.agreed(chunk)!, chunk * 32);
    file.derived ??= this.#terms.manifestOf?.(parseDraft(swarm)!, hashes);
    return file.derived;
  }

  pin(swarm: DraftId, derived: SwarmId, hashes: Uint8Array): void {
    this.#pins.set(swarm, { derived, hashes });
    const file = this.#files.get(swarm);
    if (file === undefined) return;
    file.claims!.pin(hashes);
    file.derived = derived;
  }

  leave(peer: PeerId, swarm: SwarmKey | undefined): boolean {
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
    const pin = isDraft(offer.swarm) ? this.#pins.get(offer.swarm) : undefined;
    const claims = isDraft(offer.swarm) ? new DraftClaims(this.#terms.quorum, pin?.hashes) : undefined;
    const file = new ListedFile(offer, claims);
    file.derived = pin?.derived;
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
    this.#checkDerived(file);
    known.members.delete(file.offer.swarm);
    if (file.isEmpty) this.#removeFile(file);
  }

  /** A name holds only while every chunk is agreed upon; answers whether that is so. */
  #checkDerived(file: ListedFile): boolean {
    const complete = file.claims !== undefined && file.claims.counts.chunkList === file.offer.chunkCount;
    if (!complete && isDraft(file.offer.swarm) && !this.#pins.has(file.offer.swarm)) file.derived = undefined;
    return complete;
  }

  /** A peer with another voice has to claim again. */
  #move(known: KnownPeer, peer: PeerId, address: Address): void {
    const spokeAnew = voiceOf(peer, known.address) !== voiceOf(peer, address);
    known.address = address;
    for (const member of known.members.values()) {
      member.address = address;
      if (!spokeAnew || member.claimer === undefined) continue;
      member.file.claims!.leave(member.claimer);
      member.file.claimed(member);
      member.claimer = undefined;
    }
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
