// One file-set in a tracker's memory: who is in its swarm, and what each of them holds.

import { type Address, Bitfield, type PeerId, type Rng } from '@shoal/machine';
import type { ChunkSet, FileListing, FileOffer, Holder, SwarmId } from '@shoal/wire';
import { holdersMax, locationsBodyBytesMax, packHolders, rarestMax } from '@shoal/wire';
import type { Claimer, DraftClaims } from './draft-claims.ts';
import { type Placed, SampleSet } from './sample-set.ts';

/** A peer in one swarm. `held` is there while it holds some chunks but not all. */
export interface Member extends Placed {
  readonly peer: PeerId;
  readonly file: ListedFile;
  address: Address;
  share: 'none' | 'some' | 'all';
  held: Bitfield | undefined;
  /** Of a draft, once it claims something. */
  claimer: Claimer | undefined;
}

export class ListedFile {
  readonly offer: FileOffer;
  /** Its place among all listed files. */
  place = 0;
  /** Of a draft. */
  readonly claims: DraftClaims | undefined;
  derived: SwarmId | undefined;
  readonly #members: { readonly [Share in Member['share']]: SampleSet<Member> } = {
    none: new SampleSet(),
    some: new SampleSet(),
    all: new SampleSet(),
  };

  constructor(offer: FileOffer, claims: DraftClaims | undefined) {
    this.offer = offer;
    this.claims = claims;
  }

  get isEmpty(): boolean {
    return this.seeders + this.leechers === 0;
  }

  get seeders(): number {
    return this.#members.all.size;
  }

  get leechers(): number {
    return this.#members.none.size + this.#members.some.size;
  }

  get listing(): FileListing {
    const { derived } = this;
    return { ...this.offer, seeders: this.seeders, leechers: this.leechers, ...(derived && { derived }) };
  }

  /** Whether the same content is meant. The name is not compared: the first one stands. */
  matches({ bytes, chunkCount }: FileOffer): boolean {
    return bytes === this.offer.bytes && chunkCount === this.offer.chunkCount;
  }

  add(peer: PeerId, address: Address): Member {
    // Whoever has all of nothing has all of it.
    const share = this.offer.chunkCount === 0 ? 'all' : 'none';
    const member: Member = { peer, file: this, address, share, held: undefined, claimer: undefined, place: 0 };
    this.#members[share].add(member);
    return member;
  }

  remove(member: Member): void {
    this.#members[member.share].remove(member);
    if (member.claimer !== undefined) this.claims!.leave(member.claimer);
  }

  /** How many chunks the table says it holds. */
  heldBy({ share, held, claimer }: Member): number {
    return share === 'all' ? this.offer.chunkCount : (claimer?.count ?? held?.count ?? 0);
  }

  /** A claimer has come to claim more, or less. */
  claimed(member: Member): void {
    const { count } = member.claimer!;
    this.#members[member.share].remove(member);
    member.share = count === this.offer.chunkCount ? 'all' : count > 0 ? 'some' : 'none';
    this.#members[member.share].add(member);
  }

  /** How many bytes of memory more it takes if a member of this share holds its first chunk. */
  bitsBytes(): number {
    return Bitfield.byteLength(this.offer.chunkCount);
  }

  /** Adds chunks to what the member holds; false, and nothing is added, when they do not fit the file. */
  hold(member: Member, set: ChunkSet): boolean {
    const { chunkCount } = this.offer;
    const added = 'bits' in set ? Bitfield.fromBytes(set.bits, chunkCount) : undefined;
    const fits = 'bits' in set ? added !== undefined : set.chunks.every((chunk) => chunk < chunkCount);
    if (!fits || member.share === 'all') return fits;
    const held = member.held ?? new Bitfield(chunkCount);
    for (const chunk of added?.ones() ?? ('chunks' in set ? set.chunks : [])) held.set(chunk);
    this.#members[member.share].remove(member);
    member.share = held.isFull ? 'all' : held.count > 0 ? 'some' : 'none';
    member.held = member.share === 'some' ? held : undefined; // a seeder needs no bits
    this.#members[member.share].add(member);
    return true;
  }

  /** Members for an announce of `asker`: half seeders for a leecher, leechers only for a seeder; more of one kind
   * where the other is short. */
  choose(asker: PeerId, countMax: number, isSeeder: boolean, rng: Rng): Member[] {
    const others = (members: Member[]): Member[] => members.filter((member) => member.peer !== asker);
    const draw = (share: Member['share'], count: number): Member[] =>
      count <= 0 ? [] : others(this.#members[share].draw(count + 1, rng)).slice(0, count);
    const newcomersMax = isSeeder ? Math.ceil(countMax / 4) : Math.ceil(countMax / 8);
    const newcomers = draw('none', countMax);
    const some = draw('some', countMax - Math.min(newcomers.length, newcomersMax));
    const leechers = [...some, ...newcomers].slice(0, countMax);
    if (isSeeder) return leechers;
    const seeders = draw('all', Math.max(Math.ceil(countMax / 2), countMax - leechers.length));
    const places = countMax - seeders.length;
    const kept = [...some.slice(0, places - Math.min(newcomers.length, newcomersMax)), ...newcomers].slice(0, places);
    return rng.shuffle([...seeders, ...kept]);
  }

  /** How many hold some of it or all. */
  get holderCount(): number {
    return this.#members.some.size + this.#members.all.size;
  }

  /** Holders at random, partial ones only as many as their bits fit the body of a reply. */
  holders(rng: Rng): {
    readonly holders: Uint8Array;
    readonly body: Uint8Array;
    readonly rarest: number[];
    readonly copies: number[];
  } {
    const bitsBytes = this.bitsBytes();
    const partialMax = Math.min(holdersMax, Math.floor(locationsBodyBytesMax / Math.max(1, bitsBytes)));
    const partial = this.#members.some.draw(partialMax, rng);
    const full = this.#members.all.draw(Math.max(holdersMax / 2, holdersMax - partial.length), rng);
    const chosen = [...full, ...partial.slice(0, holdersMax - full.length)];
    const rows: Uint8Array[] = [];
    const holders: Holder[] = [];
    for (const member of chosen) {
      const bits = this.#bitsOf(member);
      if (bits.count === 0 && this.offer.chunkCount > 0) continue;
      if (!bits.isFull) rows.push(bits.toBytes());
      holders.push({ address: member.address, peer: member.peer, held: bits.count });
    }
    const { rarest, copies } = this.#rarest(rng);
    const hashes = this.claims === undefined ? [] : rarest.map((chunk) => this.claims!.agreed(chunk)!);
    return { holders: packHolders(holders)!, body: concat([...rows, ...hashes]), rarest, copies };
  }

  #bitsOf({ share, held, claimer }: Member): Bitfield {
    if (this.claims === undefined) return share === 'all' ? Bitfield.full(this.offer.chunkCount) : held!;
    const bits = new Bitfield(this.offer.chunkCount);
    if (claimer !== undefined)
      for (let chunk = 0; chunk < bits.length; chunk += 1) if (this.claims.isSource(claimer, chunk)) bits.set(chunk);
    return bits;
  }

  #rarest(rng: Rng): { rarest: number[]; copies: number[] } {
    const { chunkCount } = this.offer;
    const counts = new Uint32Array(chunkCount);
    for (let chunk = 0; chunk < chunkCount && this.claims !== undefined; chunk += 1)
      counts[chunk] = this.claims.copies(chunk);
    if (this.claims === undefined) {
      counts.fill(this.#members.all.size);
      for (const { held } of this.#members.some) for (const chunk of held!.ones()) counts[chunk]! += 1;
    }
    const rarest = Array.from(counts.keys()).filter((chunk) => counts[chunk]! > 0);
    rng.shuffle(rarest).sort((a, b) => counts[a]! - counts[b]!);
    rarest.length = Math.min(rarest.length, rarestMax);
    return { rarest, copies: rarest.map((chunk) => counts[chunk]!) };
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
