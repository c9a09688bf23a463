// The tracker's table in memory. Gone with the process: peers register again when their tracker does not know them.
// Peers and memberships are rows of numbers (peer-table.ts, member-table.ts), files are objects.

import { type Address, after, type Instant, type PeerId, type Rng } from '@shoal/machine';
import {
  chunkOfClaim,
  type ChunkSet,
  claimBytes,
  type ClaimedChunk,
  type DraftId,
  type FileListing,
  type FileLocations,
  type FileOffer,
  parseDraft,
  type Progress,
  type Refusal,
  type Standing,
  type SwarmId,
  type SwarmKey,
  type SwarmNews,
} from '@shoal/wire';
import {
  type Claimed,
  type ClaimPage,
  type Located,
  type StoreStats,
  type StoreTerms,
  storeTermsDefaults,
  type TrackerStore,
} from '../store.ts';
import { voiceOf } from '../voice.ts';
import { claimCostBytes } from './draft-claims.ts';
import { FileTable } from './file-table.ts';
import { type ListedFile, share, type Tables } from './listed-file.ts';
import { MemberTable } from './member-table.ts';
import { PeerTable } from './peer-table.ts';

export interface MemoryStoreOptions extends Partial<StoreTerms> {
  /** For the choice of peers. */
  readonly rng: Rng;
  readonly limits?: Partial<MemoryStoreLimits>;
}

export interface MemoryStoreLimits {
  /** Peers known at a time; a further one is refused with `full`, file by file. */
  readonly peersMax: number;
  /** Peers at one host (IPv6: one /64), loopback excepted; a further one is refused with `quotaExceeded`, file by file. */
  readonly peersPerHostMax: number;
  /** Files listed at a time; further ones are refused with `full`. */
  readonly filesMax: number;
  /** Files of one peer; further ones are refused with `quotaExceeded`. */
  readonly filesPerPeerMax: number;
  /** Memory for who holds and claims which chunks, about; what needs more is refused with `full`. */
  readonly chunksBytesMax: number;
  /** The same for one peer; what needs more is refused with `quotaExceeded`. */
  readonly chunksBytesPerPeerMax: number;
}

export const memoryStoreLimits: MemoryStoreLimits = {
  peersMax: 2_000_000,
  peersPerHostMax: 1_024,
  filesMax: 1_000_000,
  filesPerPeerMax: 4_096,
  chunksBytesMax: 512 * 1024 * 1024,
  chunksBytesPerPeerMax: 16 * 1024 * 1024,
};

/** Chunks that a page of claims looks at. */
const claimScanMax = 10_000;
const hashBytes = 32;

export class MemoryStore implements TrackerStore {
  readonly #terms: StoreTerms;
  readonly #limits: MemoryStoreLimits;
  readonly #peers: PeerTable;
  readonly #members: MemberTable;
  readonly #files: FileTable;
  #chunksBytes = 0;

  constructor({ rng, limits, ...terms }: MemoryStoreOptions) {
    this.#terms = { ...storeTermsDefaults, ...terms };
    this.#limits = { ...memoryStoreLimits, ...limits };
    this.#peers = new PeerTable(rng.fork('memory-store-index').uint32());
    this.#members = new MemberTable(this.#peers);
    const tables: Tables = { peers: this.#peers, members: this.#members, rng: rng.fork('memory-store') };
    this.#files = new FileTable(tables, this.#terms.quorum);
  }

  register(peerId: PeerId, address: Address, files: readonly FileOffer[], now: Instant): readonly (Refusal | null)[] {
    let peer = this.#peers.find(peerId);
    if (peer >= 0) {
      this.#peers.renew(peer, now);
      this.#move(peer, peerId, address);
    } else {
      const { peersMax, peersPerHostMax } = this.#limits;
      if (this.#peers.size >= peersMax) return files.map(() => 'full');
      if (this.#peers.countAt(address) >= peersPerHostMax) return files.map(() => 'quotaExceeded');
      peer = this.#peers.add(peerId, address, now);
    }
    return files.map((offer) => this.#list(peer, offer));
  }

  hold(peerId: PeerId, swarm: SwarmKey, held: ChunkSet, now: Instant): Refusal | null {
    const found = this.#findMember(peerId, swarm, now);
    if (typeof found === 'string') return found;
    const { peer, file, member } = found;
    if (file.claims !== undefined) return 'claimNeeded';
    if (!file.fits(held)) return 'badChunk';
    const refusal = file.shareOf(member) === share.none ? this.#refuseBytes(peer, file.rowBytes) : null;
    if (refusal !== null) return refusal;
    const before = this.#costOf(file, member);
    file.hold(member, held);
    this.#charge(peer, this.#costOf(file, member) - before);
    return null;
  }

  claim(peerId: PeerId, swarm: DraftId, claims: Uint8Array, now: Instant): Claimed | Refusal {
    const found = this.#findMember(peerId, swarm, now);
    if (typeof found === 'string') return found;
    const { peer, file, member } = found;
    const table = file.claims!;
    for (let at = 0; at < claims.length; at += claimBytes)
      if (chunkOfClaim(claims, at) >= file.offer.chunkCount) return 'badChunk';
    const refusal = this.#refuseBytes(peer, (claims.length / claimBytes) * claimCostBytes);
    if (refusal !== null) return refusal;
    if (!table.enter(member, voiceOf(peerId, this.#peers.addressAt(peer)))) return 'quotaExceeded';
    const before = this.#costOf(file, member);
    const standings: Standing[] = [];
    for (let at = 0; at < claims.length; at += claimBytes) standings.push(table.claim(member, claims, at));
    file.holds(member, table.countOf(member));
    this.#charge(peer, this.#costOf(file, member) - before);
    this.#files.checkDerived(file);
    return { standings, complete: this.#files.isComplete(file) && file.derived === undefined };
  }

  renew(
    peerId: PeerId,
    address: Address | undefined,
    swarms: readonly Progress[],
    contactsMax: number,
    now: Instant,
  ): readonly SwarmNews[] {
    const peer = this.#peers.find(peerId);
    if (peer >= 0) this.#peers.renew(peer, now);
    if (peer >= 0 && address !== undefined) this.#move(peer, peerId, address);
    return swarms.map(({ swarm, held }): SwarmNews => {
      const file = this.#files.get(swarm);
      if (file === undefined) return { known: 'no', peers: new Uint8Array(0) };
      const member = peer < 0 ? -1 : this.#members.find(peer, file.number);
      const known = member < 0 ? 'no' : this.#members.held[member]! < held ? 'behind' : 'yes';
      return { known, peers: file.choose(member, contactsMax) };
    });
  }

  list(filter: string, offset: number, countMax: number): { readonly total: number; readonly files: FileListing[] } {
    return this.#files.list(filter, offset, countMax);
  }

  locate(key: FileLocations['file']): Located | undefined {
    return ('swarm' in key ? this.#files.get(key.swarm) : this.#files.mostSeeded(key.name))?.locate();
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
    if (file === undefined || file.derived !== undefined || !this.#files.isComplete(file)) return file?.derived;
    const { chunkCount } = file.offer;
    const hashes = new Uint8Array(chunkCount * hashBytes);
    for (let chunk = 0; chunk < chunkCount; chunk += 1) hashes.set(file.claims!.agreed(chunk)!, chunk * hashBytes);
    file.derived = this.#terms.manifestOf?.(parseDraft(swarm)!, hashes);
    return file.derived;
  }

  pin(swarm: DraftId, derived: SwarmId, hashes: Uint8Array): void {
    const file = this.#files.pin(swarm, { derived, hashes });
    for (const member of file?.claims?.pin(hashes) ?? []) {
      const count = file!.claims!.countOf(member);
      this.#charge(this.#members.peer[member]!, (count - this.#members.held[member]!) * claimCostBytes);
      file!.holds(member, count);
    }
  }

  leave(peerId: PeerId, swarm: SwarmKey | undefined): boolean {
    const peer = this.#peers.find(peerId);
    if (peer < 0) return false;
    if (swarm === undefined) {
      this.#forget(peer);
      return true;
    }
    const file = this.#files.get(swarm);
    const member = file === undefined ? -1 : this.#members.find(peer, file.number);
    if (member >= 0) this.#remove(peer, member);
    return member >= 0;
  }

  expire(now: Instant, countMax: number): { readonly expired: readonly PeerId[]; readonly remaining: number } {
    const expired: PeerId[] = [];
    for (let peer = this.#peers.oldest; peer >= 0 && expired.length < countMax; peer = this.#peers.oldest) {
      if (after(this.#peers.heardAt(peer), this.#terms.ttlMs) > now) break;
      expired.push(this.#peers.peerAt(peer));
      this.#forget(peer);
    }
    return { expired, remaining: this.#peers.size };
  }

  /** Where a peer that is known is reached. */
  addressOf(peerId: PeerId): Address | undefined {
    const peer = this.#peers.find(peerId);
    return peer < 0 ? undefined : this.#peers.addressAt(peer);
  }

  stats(): StoreStats {
    return { peers: this.#peers.size, files: this.#files.size };
  }

  /** The rows of a peer in a file, or why there are none. Renews. */
  #findMember(
    peerId: PeerId,
    swarm: SwarmKey,
    now: Instant,
  ): { readonly peer: number; readonly file: ListedFile; readonly member: number } | 'unknownPeer' | 'unknownFile' {
    const peer = this.#peers.find(peerId);
    if (peer < 0) return 'unknownPeer';
    this.#peers.renew(peer, now);
    const file = this.#files.get(swarm);
    const member = file === undefined ? -1 : this.#members.find(peer, file.number);
    return member < 0 ? 'unknownFile' : { peer, file: file!, member };
  }

  #list(peer: number, offer: FileOffer): Refusal | null {
    let file = this.#files.get(offer.swarm);
    if (file !== undefined && !file.matches(offer)) return 'mismatch';
    if (file !== undefined && this.#members.find(peer, file.number) >= 0) return null;
    if (this.#peers.files[peer]! >= this.#limits.filesPerPeerMax) return 'quotaExceeded';
    if (file === undefined && this.#files.size >= this.#limits.filesMax) return 'full';
    file ??= this.#files.add(offer);
    file.add(this.#members.add(peer, file.number));
    return null;
  }

  /** A peer with another voice has to claim again. */
  #move(peer: number, peerId: PeerId, address: Address): void {
    if (this.#peers.isAt(peer, address)) return;
    const spokeAnew = voiceOf(peerId, this.#peers.addressAt(peer)) !== voiceOf(peerId, address);
    this.#peers.move(peer, address);
    for (const member of spokeAnew ? this.#members.of(peer) : []) {
      const file = this.#files.at(this.#members.file[member]!);
      if (file.claims === undefined) continue;
      this.#charge(peer, -this.#costOf(file, member));
      file.claims.leave(member);
      file.holds(member, 0);
      this.#files.checkDerived(file);
    }
  }

  #forget(peer: number): void {
    for (const member of this.#members.of(peer)) this.#remove(peer, member);
    this.#peers.remove(peer);
  }

  #remove(peer: number, member: number): void {
    const file = this.#files.at(this.#members.file[member]!);
    this.#charge(peer, -this.#costOf(file, member));
    file.claims?.leave(member);
    file.remove(member);
    this.#members.remove(member);
    if (file.isEmpty) this.#files.remove(file);
    else this.#files.checkDerived(file);
  }

  /** What a member's chunks take in memory: claims, or a row of bits. */
  #costOf(file: ListedFile, member: number): number {
    if (file.claims !== undefined) return file.claims.countOf(member) * claimCostBytes;
    return file.shareOf(member) === share.some ? file.rowBytes : 0;
  }

  #charge(peer: number, bytes: number): void {
    this.#peers.chunksBytes[peer]! += bytes;
    this.#chunksBytes += bytes;
  }

  #refuseBytes(peer: number, bytes: number): Refusal | null {
    if (this.#chunksBytes + bytes > this.#limits.chunksBytesMax) return 'full';
    return this.#peers.chunksBytes[peer]! + bytes > this.#limits.chunksBytesPerPeerMax ? 'quotaExceeded' : null;
  }
}
