// What peers claim about the chunks of one draft, and where each chunk stands by it. Everything follows from the claims
// of those present (store.ts has the rules). Memory grows with what was claimed, not with what could be: chunks get a
// place when they are first claimed, and all tables go by places.

import { bytesEqual, invariant } from '@shoal/machine';
import { campsMax, chunkOfClaim, type ClaimedChunk, type Standing, standings } from '@shoal/wire';

const hashBytes = 32;

/** Peers of one voice that may make claims about one draft; a further one is refused: each costs the others time. */
const claimersPerVoiceMax = 64;

/** A peer that claims something. */
export interface Claimer {
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

  /** Memory for claims, about. */
  get bytes(): number {
    let bytes = this.#places.size * 40;
    for (const { hashes } of this.#camps) bytes += (hashes.length / hashBytes) * (hashBytes + 8);
    for (const claimers of this.#voices.values()) for (const { ranks } of claimers) bytes += ranks.length;
    return bytes;
  }

  /** Somebody new; undefined when there are too many of its voice. */
  enter(voice: string): Claimer | undefined {
    const mates = this.#voices.get(voice);
    if (mates !== undefined && mates.size >= claimersPerVoiceMax) return undefined;
    const claimer: Claimer = { voice, ranks: new Uint8Array(0), count: 0 };
    if (mates === undefined) this.#voices.set(voice, new Set([claimer]));
    else mates.add(claimer);
    return claimer;
  }

  /** Takes the claim that stands at `offset` of `claims`. */
  claim(claimer: Claimer, claims: Uint8Array, offset: number): Standing {
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

  /** All its claims go. */
  leave(claimer: Claimer): void {
    for (let place = 0; place < claimer.ranks.length && claimer.count > 0; place += 1)
      this.#withdrawCounted(claimer, place);
    const mates = this.#voices.get(claimer.voice)!;
    mates.delete(claimer);
    if (mates.size === 0) this.#voices.delete(claimer.voice);
  }

  /** These are the hashes. What was claimed otherwise goes. */
  pin(hashes: Uint8Array): void {
    this.#pinned = hashes;
    for (const [chunk, place] of this.#places) {
      const before = this.#standingAt(place);
      for (const claimers of this.#voices.values())
        for (const claimer of claimers) {
          const rank = rankAt(claimer, place);
          if (rank !== 0 && !this.#isPinned(chunk, this.#hashAt(place, rank))) this.#withdraw(claimer, place);
        }
      this.#recount(before, this.#standingAt(place));
    }
  }

  /** The agreed hash of a chunk; undefined while there is none. */
  agreed(chunk: number): Uint8Array | undefined {
    const place = this.#places.get(chunk);
    return place !== undefined && this.#standingAt(place) === 'chunkList'
      ? this.#hashAt(place, this.#firstRank(place))
      : undefined;
  }

  /** How many peers are in the camp of a chunk that is agreed upon. */
  copies(chunk: number): number {
    const place = this.#places.get(chunk);
    if (place === undefined || this.#standingAt(place) !== 'chunkList') return 0;
    return this.#camps[this.#firstRank(place) - 1]!.claimers[place]!;
  }

  /** Whether the peer claims the agreed hash of the chunk. */
  isSource(claimer: Claimer, chunk: number): boolean {
    const place = this.#places.get(chunk);
    return place !== undefined && rankAt(claimer, place) !== 0 && this.#standingAt(place) === 'chunkList';
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
    if (place >= claimer.ranks.length) claimer.ranks = resized(claimer.ranks, roomFor(place));
    if (!this.#hasMate(claimer, place, rank)) this.#camps[rank - 1]!.voices[place]! += 1;
    this.#camps[rank - 1]!.claimers[place]! += 1;
    claimer.ranks[place] = rank;
    claimer.count += 1;
  }

  #withdrawCounted(claimer: Claimer, place: number): void {
    if (claimer.ranks[place] === 0) return;
    const before = this.#standingAt(place);
    this.#withdraw(claimer, place);
    this.#recount(before, this.#standingAt(place));
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
  const places = roomFor(place);
  camps.hashes = resized(camps.hashes, places * hashBytes);
  camps.voices = resized(camps.voices, places);
  camps.claimers = resized(camps.claimers, places);
}

/** Half as much again as is needed now. */
const roomFor = (place: number): number => Math.ceil((place + 1) * 1.5) + 8;

/** A longer copy; what is new is 0. */
function resized<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
