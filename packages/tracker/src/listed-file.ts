// One file-set in a tracker's memory: who is in its swarm, and what each of them holds.

import { type Address, Bitfield, type PeerId, type Rng } from '@shoal/machine';
import type { ChunkSet, FileListing, FileOffer, Holder } from '@shoal/wire';
import { holdersMax, locationsBodyBytesMax, rarestMax } from '@shoal/wire';
import { type Placed, SampleSet } from './sample-set.ts';

/** A peer in one swarm. `held` is there while it holds some chunks but not all. */
export interface Member extends Placed {
  readonly peer: PeerId;
  readonly file: ListedFile;
  address: Address;
  share: 'none' | 'some' | 'all';
  held: Bitfield | undefined;
}

export class ListedFile {
  readonly offer: FileOffer;
  /** Its place among all listed files. */
  place = 0;
  readonly #members: { readonly [Share in Member['share']]: SampleSet<Member> } = {
    none: new SampleSet(),
    some: new SampleSet(),
    all: new SampleSet(),
  };

  constructor(offer: FileOffer) {
    this.offer = offer;
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
    return { ...this.offer, seeders: this.seeders, leechers: this.leechers };
  }

  /** Whether the same content is meant. The name is not compared: the first one stands. */
  matches({ bytes, chunkCount }: FileOffer): boolean {
    return bytes === this.offer.bytes && chunkCount === this.offer.chunkCount;
  }

  add(peer: PeerId, address: Address): Member {
    // Whoever has all of nothing has all of it.
    const share = this.offer.chunkCount === 0 ? 'all' : 'none';
    const member: Member = { peer, file: this, address, share, held: undefined, place: 0 };
    this.#members[share].add(member);
    return member;
  }

  remove(member: Member): void {
    this.#members[member.share].remove(member);
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
    const some = draw('some', countMax);
    const none = draw('none', countMax - some.length);
    if (isSeeder) return [...some, ...none];
    const leechers = some.length + none.length;
    const seeders = draw('all', Math.max(Math.ceil(countMax / 2), countMax - leechers));
    return rng.shuffle([...seeders, ...[...some, ...none].slice(0, countMax - seeders.length)]);
  }

  /** How many hold some of it or all. */
  get holderCount(): number {
    return this.#members.some.size + this.#members.all.size;
  }

  /** Holders at random, partial ones only as many as their bits fit the body of a reply. */
  holders(rng: Rng): { readonly holders: Holder[]; readonly bits: Uint8Array; readonly rarest: number[] } {
    const bitsBytes = this.bitsBytes();
    const partialMax = Math.min(holdersMax, Math.floor(locationsBodyBytesMax / Math.max(1, bitsBytes)));
    const partial = this.#members.some.draw(partialMax, rng);
    const full = this.#members.all.draw(Math.max(holdersMax / 2, holdersMax - partial.length), rng);
    const kept = partial.slice(0, holdersMax - full.length);
    const bits = new Uint8Array(kept.length * bitsBytes);
    for (const [i, member] of kept.entries()) bits.set(member.held!.toBytes(), i * bitsBytes);
    const describe = ({ address, peer, held }: Member): Holder => ({
      address,
      peer,
      held: held?.count ?? this.offer.chunkCount,
    });
    const rarest = rarestChunks(this.offer.chunkCount, bits, full.length, rng);
    return { holders: [...full, ...kept].map(describe), bits, rarest };
  }
}

/**
 * Chunk indices from the rarest to the most common, at most `rarestMax`, where `bits` are bitfields one after another and
 * `fullCount` holders have all. Equals start at a random place, so that not everybody begins with the same.
 */
function rarestChunks(chunkCount: number, bits: Uint8Array, fullCount: number, rng: Rng): number[] {
  if (chunkCount === 0 || (fullCount === 0 && bits.length === 0)) return [];
  const counts = new Uint16Array(chunkCount);
  const rowBytes = Bitfield.byteLength(chunkCount);
  for (let i = 0; i < bits.length; i += 1) {
    const first = (i % rowBytes) * 8;
    for (let byte = bits[i]!, bit = 0; byte !== 0; byte = (byte << 1) & 0xff, bit += 1)
      if ((byte & 0x80) !== 0) counts[first + bit]! += 1;
  }
  const byCount: number[][] = [];
  const start = rng.below(chunkCount);
  for (let i = 0; i < chunkCount; i += 1) {
    const chunk = (start + i) % chunkCount;
    const group = (byCount[counts[chunk]! + fullCount] ??= []);
    if (group.length < rarestMax) group.push(chunk);
  }
  byCount[0] = []; // nobody holds those
  return byCount.flat().slice(0, rarestMax);
}
