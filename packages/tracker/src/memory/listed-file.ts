// One file in a tracker's memory: its members in one list, cut in three: those who hold some chunks, then all, then none
// yet (the newcomers). A member changes its part by changing places at the cuts. The bits of those who hold some stand
// in rows in the same order, so that whole runs of them can be copied into an answer.

import { Bitfield, type Rng } from '@shoal/machine';
import {
  type ChunkSet,
  contactBytes,
  type FileListing,
  type FileOffer,
  holderBytes,
  holdersMax,
  locationsBodyBytesMax,
  type SwarmId,
  writeHeld,
} from '@shoal/wire';
import type { Located } from '../store.ts';
import { resized, roomFor } from './columns.ts';
import type { DraftClaims } from './draft-claims.ts';
import { draw, drawEach, Round } from './draw.ts';
import type { MemberTable } from './member-table.ts';
import type { PeerTable } from './peer-table.ts';
import { countChunks, rarestChunks } from './rarest.ts';

/** The parts of the list, in their order. */
export const share = { some: 0, all: 1, none: 2 } as const;
export type Share = (typeof share)[keyof typeof share];

/** The tables that all files share. */
export interface Tables {
  readonly peers: PeerTable;
  readonly members: MemberTable;
  readonly rng: Rng;
}

const hashBytes = 32;

export class ListedFile {
  readonly number: number;
  readonly offer: FileOffer;
  /** Of a draft. */
  readonly claims: DraftClaims | undefined;
  /** Of a draft whose manifest is known. */
  derived: SwarmId | undefined;
  /** Its place among all listed files. */
  place = 0;
  readonly #tables: Tables;
  readonly #members: number[] = [];
  /** Where each part ends. */
  readonly #ends: [number, number, number] = [0, 0, 0];
  #rows = new Uint8Array(0);

  constructor(number: number, offer: FileOffer, claims: DraftClaims | undefined, tables: Tables) {
    this.number = number;
    this.offer = offer;
    this.claims = claims;
    this.#tables = tables;
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  get seeders(): number {
    return this.#ends[share.all] - this.#ends[share.some];
  }

  get listing(): FileListing {
    const { seeders, derived } = this;
    const leechers = this.#members.length - seeders;
    return { ...this.offer, seeders, leechers, ...(derived && { derived }) };
  }

  /** Bytes of one row of bits: whole words, so that they can be counted as such. */
  get rowBytes(): number {
    return 4 * Math.ceil(this.offer.chunkCount / 32);
  }

  /** Whether the same content is meant. The name is not compared: the first one stands. */
  matches({ bytes, chunkCount }: FileOffer): boolean {
    return bytes === this.offer.bytes && chunkCount === this.offer.chunkCount;
  }

  shareOf(member: number): Share {
    const place = this.#tables.members.place[member]!;
    if (place < this.#ends[share.some]) return share.some;
    return place < this.#ends[share.all] ? share.all : share.none;
  }

  add(member: number): void {
    this.#tables.members.place[member] = this.#members.push(member) - 1;
    this.#ends[share.none] += 1;
    if (this.offer.chunkCount === 0) this.#move(member, share.all); // whoever has all of nothing has all of it
  }

  remove(member: number): void {
    this.#move(member, share.none);
    const last = this.#members.length - 1;
    this.#put(this.#members[last]!, this.#tables.members.place[member]!);
    this.#members.pop();
    this.#ends[share.none] -= 1;
  }

  /** Whether the set is one of this file's chunks. */
  fits(set: ChunkSet): boolean {
    const { chunkCount } = this.offer;
    if ('chunks' in set) return set.chunks.every((chunk) => chunk < chunkCount);
    const spare = set.bits.length * 8 - chunkCount;
    if (set.bits.length !== Bitfield.byteLength(chunkCount)) return false;
    return spare === 0 || (set.bits.at(-1)! & ((1 << spare) - 1)) === 0;
  }

  /** Adds chunks that fit to what the member holds. */
  hold(member: number, set: ChunkSet): void {
    if (this.shareOf(member) === share.all) return;
    if (this.shareOf(member) === share.none) this.#move(member, share.some);
    const row = this.#rowAt(this.#tables.members.place[member]!);
    const added = 'chunks' in set ? setChunks(row, set.chunks) : setBits(row, set.bits);
    this.holds(member, this.#tables.members.held[member]! + added);
  }

  /** The member holds so many chunks; of a draft, claims so many. */
  holds(member: number, held: number): void {
    this.#tables.members.held[member] = held;
    this.#move(member, held === this.offer.chunkCount ? share.all : held > 0 ? share.some : share.none);
  }

  /**
   * Contacts of members for `asker` (a member or -1): half seeders for a leecher, none for a seeder; of the others a
   * quarter newcomers; more of one kind where another is short.
   */
  choose(asker: number, countMax: number): Uint8Array {
    const { rng, members } = this.#tables;
    const except = asker < 0 ? -1 : members.place[asker]!;
    const [some, all, end] = this.#ends;
    const isSeeder = except >= some && except < all;
    const othersIn = (from: number, to: number): number => to - from - (except >= from && except < to ? 1 : 0);
    const [partial, seeders, newcomers] = [othersIn(0, some), othersIn(some, all), othersIn(all, end)];
    const leechers = Math.min(partial + newcomers, countMax);
    const seederCount = isSeeder ? 0 : Math.min(seeders, Math.max(Math.ceil(countMax / 2), countMax - leechers));
    const places = countMax - seederCount;
    const newcomerCount = Math.min(newcomers, Math.max(Math.ceil(places / 4), places - partial));
    const partialCount = Math.min(partial, places - newcomerCount);
    const count = seederCount + newcomerCount + partialCount;
    const packed = new Uint16Array((count * contactBytes) / 2);
    const order = new Round(Math.max(1, count), rng); // the kinds mixed
    const take = (place: number): void => this.#copyContact(place, packed, order.next() * contactBytes);
    drawEach(some, all, seederCount, except, rng, take);
    drawEach(all, end, newcomerCount, except, rng, take);
    drawEach(0, some, partialCount, except, rng, take);
    return new Uint8Array(packed.buffer);
  }

  /** Holders at random, and what they hold. Those with some chunks only as many as their bits fit a reply. */
  locate(): Located {
    const { rng } = this.#tables;
    const [some, all] = this.#ends;
    const bitsBytes = Bitfield.byteLength(this.offer.chunkCount);
    const partialMax = Math.min(holdersMax, Math.floor(locationsBodyBytesMax / Math.max(1, bitsBytes)));
    const fullMax = Math.max(holdersMax / 2, holdersMax - Math.min(some, partialMax));
    const full = this.claims === undefined ? draw(some, all, fullMax, -1, rng) : [];
    const partialEnd = this.claims === undefined ? some : all; // of a draft, not all that is claimed is agreed upon
    const partial = draw(0, partialEnd, Math.min(partialMax, holdersMax - full.length), -1, rng);
    const found =
      this.claims === undefined ? this.#locateHeld(full, partial) : this.#locateAgreed(this.claims, partial);
    return { file: this.listing, total: all, ...found };
  }

  #locateHeld(full: readonly number[], partial: readonly number[]): Omit<Located, 'file' | 'total'> {
    const { chunkCount } = this.offer;
    const bitsBytes = Bitfield.byteLength(chunkCount);
    const holders = new Uint8Array((full.length + partial.length) * holderBytes);
    const body = new Uint8Array(partial.length * bitsBytes);
    for (const [i, place] of full.entries()) this.#writeHolder(place, chunkCount, holders, i);
    for (const [i, place] of partial.entries()) {
      const held = this.#tables.members.held[this.#members[place]!]!;
      this.#writeHolder(place, held, holders, full.length + i);
      body.set(this.#rowAt(place).subarray(0, bitsBytes), i * bitsBytes);
    }
    const counts = countChunks(new Uint32Array(this.#rows.buffer), this.rowBytes / 4, partial, chunkCount);
    for (let chunk = 0; chunk < chunkCount; chunk += 1) counts[chunk]! += full.length;
    const rarest = rarestChunks(counts, this.#tables.rng);
    return { holders, body, rarest, copies: rarest.map((chunk) => counts[chunk]!) };
  }

  #locateAgreed(claims: DraftClaims, claimers: readonly number[]): Omit<Located, 'file' | 'total'> {
    const { chunkCount } = this.offer;
    const sources = claimers.map((place) => ({ place, bits: claims.agreedOf(this.#members[place]!, chunkCount) }));
    const given = sources.filter(({ bits }) => bits.count > 0);
    const holders = new Uint8Array(given.length * holderBytes);
    for (const [i, { place, bits }] of given.entries()) this.#writeHolder(place, bits.count, holders, i);
    const copies = claims.copies(chunkCount);
    const rarest = rarestChunks(copies, this.#tables.rng);
    const parts = given.filter(({ bits }) => !bits.isFull).map(({ bits }) => bits.toBytes());
    const body = new Uint8Array(parts.length * Bitfield.byteLength(chunkCount) + rarest.length * hashBytes);
    let at = 0;
    for (const part of [...parts, ...rarest.map((chunk) => claims.agreed(chunk)!)]) {
      body.set(part, at);
      at += part.length;
    }
    return { holders, body, rarest, copies: rarest.map((chunk) => copies[chunk]!) };
  }

  /** `offset` in bytes. */
  #copyContact(place: number, target: Uint16Array, offset: number): void {
    this.#tables.peers.copyContact(this.#tables.members.peer[this.#members[place]!]!, target, offset / 2);
  }

  #writeHolder(place: number, held: number, target: Uint8Array, index: number): void {
    this.#copyContact(place, new Uint16Array(target.buffer), index * holderBytes);
    writeHeld(held, target, index * holderBytes);
  }

  #rowAt(place: number): Uint8Array {
    return this.#rows.subarray(place * this.rowBytes, (place + 1) * this.rowBytes);
  }

  /** Moves a member into another part of the list, cut by cut. */
  #move(member: number, to: Share): void {
    for (let at = this.shareOf(member); at < to; at += 1) {
      this.#ends[at] -= 1;
      this.#swap(member, this.#ends[at]);
    }
    for (let at = this.shareOf(member); at > to; at -= 1) {
      this.#swap(member, this.#ends[at - 1]!);
      this.#ends[at - 1]! += 1;
      if (at - 1 === share.some && this.claims === undefined) this.#clearRow(this.#ends[share.some] - 1);
    }
  }

  #swap(member: number, place: number): void {
    const from = this.#tables.members.place[member]!;
    const other = this.#members[place]!;
    const isInRows = place === this.#ends[share.some] && from < place && this.claims === undefined;
    if (isInRows) this.#rowAt(from).set(this.#rowAt(place)); // `member` leaves its row behind
    this.#put(other, from);
    this.#put(member, place);
  }

  #put(member: number, place: number): void {
    this.#members[place] = member;
    this.#tables.members.place[member] = place;
  }

  #clearRow(place: number): void {
    const end = (place + 1) * this.rowBytes;
    if (end > this.#rows.length) this.#rows = resized(this.#rows, roomFor(place + 1) * this.rowBytes);
    this.#rowAt(place).fill(0);
  }
}

/** Sets bits one by one; tells how many were clear before. */
function setChunks(row: Uint8Array, chunks: readonly number[]): number {
  let added = 0;
  for (const chunk of chunks) {
    const bit = 0x80 >> (chunk & 7);
    if ((row[chunk >> 3]! & bit) !== 0) continue;
    row[chunk >> 3]! |= bit;
    added += 1;
  }
  return added;
}

/** Sets all bits that are set in `bits`; tells how many were clear before. */
function setBits(row: Uint8Array, bits: Uint8Array): number {
  let added = 0;
  for (let i = 0; i < bits.length; i += 1) {
    for (let fresh = bits[i]! & ~row[i]!; fresh !== 0; fresh &= fresh - 1) added += 1;
    row[i]! |= bits[i]!;
  }
  return added;
}
