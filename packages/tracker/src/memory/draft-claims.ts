// What peers claim about the chunks of one draft, and where each chunk stands by it. Everything follows from the claims
// of those present (store.ts has the rules). Memory grows with what was claimed, not with what could be: chunks get a
// place when they are first claimed, and all tables go by places.

import { Bitfield, bytesEqual, invariant } from '@shoal/machine';
import { campsMax, chunkOfClaim, type ClaimedChunk, type Standing, standings } from '@shoal/wire';
import { resized, roomFor } from './columns.ts';

const hashBytes = 32;

/** Peers of one voice that may make claims about one draft; a further one is refused: each costs the others time. */
const claimersPerVoiceMax = 64;

/** Memory of one claim, about, with its part of what is kept for the chunk. */
export const claimCostBytes = 80;

/** A peer that claims something. */
interface Claimer {
  readonly voice: string;
  /** By place: 0, or the rank of its camp plus 1. Places beyond the end are 0. */
  ranks: Uint8Array;
  /** How many chunks it claims. */
  count: number;
}

/** The camps of one rank, by place. A camp without claimers is none. */
interface Camps {
  hashes: Uint8Array;
  voices: Uint32Array;
  claimers: Uint32Array;
}

export class DraftClaims {
  readonly #quorum: number;
  readonly #places = new Map<number, number>();
  readonly #camps: Camps[] = [];
  /** By the number under which the table knows the peer here. */
  readonly #claimers = new Map<number, Claimer>();
  readonly #voices = new Map<string, Set<Claimer>>();
  readonly #counts: Record<Standing, number> = { checkList: 0, chunkList: 0, disputed: 0 };
  #pinned: Uint8Array | undefined;

  constructor(quorum: number, pinned: Uint8Array | undefined) {
    this.#quorum = quorum;
    this.#pinned = pinned;
  }

  get counts(): { readonly [Which in Standing]: number } {
    return { ...this.#counts };
  }

  /** How many chunks the member claims. */
  countOf(member: number): number {
    return this.#claimers.get(member)?.count ?? 0;
  }

  /** Lets a member speak with a voice; false when there are too many of that voice. */
  enter(member: number, voice: string): boolean {
    if (this.#claimers.has(member)) return true;
    const mates = this.#voices.get(voice) ?? new Set();
    if (mates.size >= claimersPerVoiceMax) return false;
    const claimer: Claimer = { voice, ranks: new Uint8Array(0), count: 0 };
    this.#claimers.set(member, claimer);
    this.#voices.set(voice, mates.add(claimer));
    return true;
  }

  /** Takes the claim that stands at `offset` of `claims`, of a member that entered. */
  claim(member: number, claims: Uint8Array, offset: number): Standing {
    const claimer = this.#claimers.get(member)!;
    const chunk = chunkOfClaim(claims, offset);
    const hash = claims.subarray(offset + 4, offset + 4 + hashBytes);
    const place = this.#placeOf(chunk);
    const before = this.#standingAt(place);
    let rank = rankAt(claimer, place);
    if (rank === 0 || !bytesEqual(this.#hashAt(place, rank), hash)) {
      if (rank !== 0) this.#withdraw(claimer, place);
      rank = this.#rankFor(chunk, place, hash);
      if (rank !== 0) this.#join(claimer, place, rank);
    }
    this.#recount(before, this.#standingAt(place));
    return rank === 0 ? 'disputed' : this.#standingAt(place)!;
  }

  /** All claims of a member go. */
  leave(member: number): void {
    const claimer = this.#claimers.get(member);
    if (claimer === undefined) return;
    for (let place = 0; place < claimer.ranks.length && claimer.count > 0; place += 1) {
      if (claimer.ranks[place] === 0) continue;
      const before = this.#standingAt(place);
      this.#withdraw(claimer, place);
      this.#recount(before, this.#standingAt(place));
    }
    this.#claimers.delete(member);
    const mates = this.#voices.get(claimer.voice)!;
    mates.delete(claimer);
    if (mates.size === 0) this.#voices.delete(claimer.voice);
  }

  /** These are the hashes. What was claimed otherwise goes; tells which members claim less now. */
  pin(hashes: Uint8Array): number[] {
    this.#pinned = hashes;
    const changed = new Set<number>();
    for (const [chunk, place] of this.#places) {
      const before = this.#standingAt(place);
      for (const [member, claimer] of this.#claimers) {
        const rank = rankAt(claimer, place);
        if (rank === 0 || this.#isPinned(chunk, this.#hashAt(place, rank))) continue;
        this.#withdraw(claimer, place);
        changed.add(member);
      }
      this.#recount(before, this.#standingAt(place));
    }
    return [...changed];
  }

  /** The agreed hash of a chunk; undefined while there is none. */
  agreed(chunk: number): Uint8Array | undefined {
    const place = this.#places.get(chunk);
    return place !== undefined && this.#standingAt(place) === 'chunkList'
      ? this.#hashAt(place, this.#firstRank(place))
      : undefined;
  }

  /** Per chunk, how many peers are in its camp; 0 while it is not agreed upon. */
  copies(chunkCount: number): Uint32Array {
    const copies = new Uint32Array(chunkCount);
    for (const [chunk, place] of this.#places)
      if (this.#standingAt(place) === 'chunkList')
        copies[chunk] = this.#camps[this.#firstRank(place) - 1]!.claimers[place]!;
    return copies;
  }

  /** The chunks that a member claims with the agreed hash. */
  agreedOf(member: number, chunkCount: number): Bitfield {
    const bits = new Bitfield(chunkCount);
    const claimer = this.#claimers.get(member);
    if (claimer === undefined) return bits;
    for (const [chunk, place] of this.#places)
      if (rankAt(claimer, place) !== 0 && this.#standingAt(place) === 'chunkList') bits.set(chunk);
    return bits;
  }

  /** Where a chunk stands, and the camps; undefined when nobody claims it. */
  look(chunk: number): ClaimedChunk | undefined {
    const place = this.#places.get(chunk);
    const standing = place === undefined ? undefined : this.#standingAt(place);
    if (place === undefined || standing === undefined) return undefined;
    const camps = this.#camps.flatMap(({ voices }, i) =>
      voices[place]! > 0 ? [{ hash: this.#hashAt(place, i + 1).slice(), voices: voices[place]! }] : [],
    );
    return { chunk, standing, camps: camps.toSorted((a, b) => b.voices - a.voices) };
  }

  #placeOf(chunk: number): number {
    let place = this.#places.get(chunk);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(chunk, place);
      for (const camps of this.#camps) growCamps(camps, place);
    }
    return place;
  }

  /** The rank of the camp with this hash, a new one if need be; 0 when there may be none. */
  #rankFor(chunk: number, place: number, hash: Uint8Array): number {
    if (this.#pinned !== undefined && !this.#isPinned(chunk, hash)) return 0;
    let free = 0;
    for (let rank = this.#camps.length; rank >= 1; rank -= 1) {
      if (this.#camps[rank - 1]!.claimers[place] === 0) free = rank;
      else if (bytesEqual(this.#hashAt(place, rank), hash)) return rank;
    }
    if (free === 0) {
      if (this.#camps.length === campsMax) return 0;
      const camps: Camps = { hashes: new Uint8Array(0), voices: new Uint32Array(0), claimers: new Uint32Array(0) };
      growCamps(camps, this.#places.size - 1);
      free = this.#camps.push(camps);
    }
    this.#hashAt(place, free).set(hash);
    return free;
  }

  #join(claimer: Claimer, place: number, rank: number): void {
    if (place >= claimer.ranks.length) claimer.ranks = resized(claimer.ranks, roomFor(place + 1));
    if (!this.#hasMate(claimer, place, rank)) this.#camps[rank - 1]!.voices[place]! += 1;
    this.#camps[rank - 1]!.claimers[place]! += 1;
    claimer.ranks[place] = rank;
    claimer.count += 1;
  }

  #withdraw(claimer: Claimer, place: number): void {
    const rank = claimer.ranks[place]!;
    claimer.ranks[place] = 0;
    claimer.count -= 1;
    this.#camps[rank - 1]!.claimers[place]! -= 1;
    if (!this.#hasMate(claimer, place, rank)) this.#camps[rank - 1]!.voices[place]! -= 1;
  }

  /** Whether another peer of the same voice is in the camp. */
  #hasMate(claimer: Claimer, place: number, rank: number): boolean {
    for (const mate of this.#voices.get(claimer.voice)!)
      if (mate !== claimer && rankAt(mate, place) === rank) return true;
    return false;
  }

  #standingAt(place: number): Standing | undefined {
    let camps = 0;
    let voices = 0;
    for (const camp of this.#camps) {
      if (camp.voices[place] === 0) continue;
      camps += 1;
      voices = camp.voices[place]!;
    }
    if (camps === 0) return undefined;
    if (camps > 1) return 'disputed';
    return voices >= this.#quorum || this.#pinned !== undefined ? 'chunkList' : 'checkList';
  }

  #recount(before: Standing | undefined, after: Standing | undefined): void {
    if (before !== undefined) this.#counts[before] -= 1;
    if (after !== undefined) this.#counts[after] += 1;
    invariant(
      standings.every((standing) => this.#counts[standing] >= 0),
      'no list has less than nothing',
    );
  }

  #firstRank(place: number): number {
    return this.#camps.findIndex(({ voices }) => voices[place]! > 0) + 1;
  }

  #hashAt(place: number, rank: number): Uint8Array {
    return this.#camps[rank - 1]!.hashes.subarray(place * hashBytes, (place + 1) * hashBytes);
  }

  #isPinned(chunk: number, hash: Uint8Array): boolean {
    return bytesEqual(this.#pinned!.subarray(chunk * hashBytes, (chunk + 1) * hashBytes), hash);
  }
}

const rankAt = ({ ranks }: Claimer, place: number): number => ranks[place] ?? 0;

function growCamps(camps: Camps, place: number): void {
  if (place < camps.voices.length) return;
  const places = roomFor(place + 1);
  camps.hashes = resized(camps.hashes, places * hashBytes);
  camps.voices = resized(camps.voices, places);
  camps.claimers = resized(camps.claimers, places);
}
