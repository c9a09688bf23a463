// What a client has to tell its tracker, and what of it the tracker has been told: offers, chunks, swarms left, and the
// swarms to announce. It decides the next request; the client decides when.

import type { Bitfield } from '@shoal/machine';
import {
  type ChunkSet,
  chunksPerMessageMax,
  claimsPerMessageMax,
  type DraftId,
  type FileOffer,
  filesPerRegisterMax,
  isDraft,
  type Knowledge,
  packClaims,
  type Refusal,
  type SwarmKey,
  swarmsPerAnnounceMax,
  type TrackerRequest,
} from '@shoal/wire';

/** One swarm. Without an offer we only look for its peers. */
interface Entry {
  offer: { readonly file: FileOffer; readonly held: Bitfield } | undefined;
  /** `full`: refused for now, to be tried again with the next round. */
  standing: 'untold' | 'registered' | 'full' | 'refused';
  /** Whether the tracker was told what we held when we registered. */
  toldHeld: boolean;
  /** Of a draft: the hashes of held chunks, each at its place. */
  hashes: Uint8Array | undefined;
  /** Chunks held since, not told. */
  untold: number[];
  /** Whether the tracker ever listed us for it; the link may have been lost since. */
  mayBeListed: boolean;
}

const hashBytes = 32;
const bitsFrom = 64; // from so many chunks on, the bitfield is told instead of the indices

export class Holdings {
  readonly #batchChunks: number;
  readonly #wantPeers: number;
  readonly #entries = new Map<SwarmKey, Entry>();
  readonly #left = new Set<SwarmKey>();
  readonly #round = new Set<SwarmKey>(); // swarms still to be announced in this round
  #listenPort: number | undefined;
  #tellAll = false;

  constructor(batchChunks: number, wantPeers: number) {
    this.#wantPeers = wantPeers;
    this.#batchChunks = Math.min(batchChunks, chunksPerMessageMax);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** How many chunks wait to be told. */
  get untold(): number {
    let count = 0;
    for (const entry of this.#entries.values()) count += entry.untold.length;
    return count;
  }

  has(swarm: SwarmKey): boolean {
    return this.#entries.has(swarm);
  }

  /** A changed port is registered anew. */
  setListenPort(port: number): void {
    if (port === this.#listenPort) return;
    this.#listenPort = port;
    this.#untellOffers();
  }

  /** False when the swarm is known already. */
  find(swarm: SwarmKey): boolean {
    if (this.#entries.has(swarm)) return false;
    this.#put(swarm, undefined, undefined);
    return true;
  }

  /** `hashes` of a draft are kept, not copied: whoever adds chunks has put theirs there. */
  join(file: FileOffer, held: Bitfield, hashes: Uint8Array | undefined): void {
    this.#put(file.swarm, { file, held: held.clone() }, hashes);
  }

  leave(swarm: SwarmKey): void {
    const entry = this.#entries.get(swarm);
    if (entry === undefined) return;
    this.#entries.delete(swarm);
    this.#round.delete(swarm);
    if (entry.mayBeListed) this.#left.add(swarm);
  }

  add(swarm: SwarmKey, chunks: readonly number[]): void {
    const entry = this.#entries.get(swarm);
    if (entry?.offer === undefined) return;
    const { held } = entry.offer;
    // A chunk of a draft that is told again may hash to something else now: it is claimed anew.
    for (const chunk of chunks) {
      const isNews = held.set(chunk) || entry.hashes !== undefined;
      if (isNews && entry.toldHeld) entry.untold.push(chunk);
    }
    if (entry.untold.length >= this.#batchChunks) this.#tellAll = true;
  }

  /** Every chunk that waits is told with the next requests. */
  tellAll(): void {
    this.#tellAll = true;
  }

  /** All swarms are announced with the next requests. */
  startRound(): void {
    for (const [swarm, entry] of this.#entries) {
      this.#round.add(swarm);
      if (entry.standing === 'full') entry.standing = 'untold';
    }
  }

  /** The tracker does not know us, or not for this swarm. */
  forgotten(swarm?: SwarmKey): void {
    if (swarm === undefined) this.#untellOffers();
    else {
      const entry = this.#entries.get(swarm);
      if (entry !== undefined) this.#untell(entry);
    }
  }

  /** What the tracker knows of us in the swarm: if it is too little, we tell again. */
  heard(swarm: SwarmKey, known: Knowledge): void {
    if (known !== 'yes' && this.#entries.get(swarm)?.standing === 'registered') this.forgotten(swarm);
  }

  registered(swarm: SwarmKey, refusal: Refusal | null): void {
    const entry = this.#entries.get(swarm);
    if (entry === undefined) {
      if (refusal === null) this.#left.add(swarm); // left while the register was under way
      return;
    }
    if (refusal === null) {
      entry.standing = 'registered';
      entry.mayBeListed = true;
    } else entry.standing = refusal === 'full' ? 'full' : 'refused';
  }

  /** The most pressing request, taken to be told from now on; undefined when nothing is to be said. */
  nextRequest(): TrackerRequest | undefined {
    return this.#nextRegister() ?? this.#nextHeld() ?? this.#nextUntold() ?? this.#nextLeave() ?? this.#nextAnnounce();
  }

  #nextRegister(): TrackerRequest | undefined {
    if (this.#listenPort === undefined) return undefined;
    const files: FileOffer[] = [];
    for (const { offer, standing } of this.#entries.values())
      if (offer !== undefined && standing === 'untold' && files.length < filesPerRegisterMax) files.push(offer.file);
    return files.length === 0 ? undefined : { type: 'register', port: this.#listenPort, files };
  }

  #nextHeld(): TrackerRequest | undefined {
    for (const [swarm, entry] of this.#entries) {
      if (entry.offer === undefined || entry.standing !== 'registered' || entry.toldHeld) continue;
      entry.toldHeld = true;
      entry.untold = [];
      const { held } = entry.offer;
      if (held.count === 0) continue;
      if (isDraft(swarm)) {
        entry.untold = [...held.ones()]; // claimed piece by piece
        this.#tellAll = true;
        continue;
      }
      const set: ChunkSet = held.count < bitsFrom ? { chunks: [...held.ones()] } : { bits: held.toBytes() };
      return { type: 'chunkRegister', swarm, held: set };
    }
    return undefined;
  }

  #nextUntold(): TrackerRequest | undefined {
    if (!this.#tellAll) return undefined;
    for (const [swarm, entry] of this.#entries) {
      if (entry.standing !== 'registered' || entry.untold.length === 0) continue;
      if (isDraft(swarm)) return claimOf(swarm, entry.untold.splice(0, claimsPerMessageMax), entry.hashes!);
      return { type: 'chunkRegister', swarm, held: { chunks: entry.untold.splice(0, chunksPerMessageMax) } };
    }
    this.#tellAll = false;
    return undefined;
  }

  #nextLeave(): TrackerRequest | undefined {
    for (const swarm of this.#left) {
      this.#left.delete(swarm);
      return { type: 'leave', swarm };
    }
    return undefined;
  }

  #nextAnnounce(): TrackerRequest | undefined {
    const named = [...this.#round].slice(0, swarmsPerAnnounceMax);
    if (named.length === 0) return undefined;
    for (const swarm of named) this.#round.delete(swarm);
    const swarms = named.map((swarm) => ({ swarm, held: this.#toldOf(swarm) }));
    const port = this.#listenPort;
    return { type: 'announce', ...(port !== undefined && { port }), want: this.#wantPeers, swarms };
  }

  /** How many chunks the tracker was told we hold: more than it knows of, and it has lost some. */
  #toldOf(swarm: SwarmKey): number {
    const entry = this.#entries.get(swarm);
    return entry?.offer !== undefined && entry.toldHeld ? entry.offer.held.count - entry.untold.length : 0;
  }

  #put(swarm: SwarmKey, offer: Entry['offer'], hashes: Uint8Array | undefined): void {
    const mayBeListed = this.#entries.get(swarm)?.mayBeListed ?? this.#left.has(swarm);
    this.#entries.set(swarm, { offer, standing: 'untold', toldHeld: false, hashes, untold: [], mayBeListed });
    this.#left.delete(swarm);
    this.#round.add(swarm);
  }

  #untellOffers(): void {
    for (const entry of this.#entries.values()) this.#untell(entry);
  }

  #untell(entry: Entry): void {
    entry.standing = 'untold';
    entry.toldHeld = false;
    entry.untold = [];
  }
}

function claimOf(swarm: DraftId, chunks: readonly number[], table: Uint8Array): TrackerRequest {
  const hashes = new Uint8Array(chunks.length * hashBytes);
  for (const [i, chunk] of chunks.entries())
    hashes.set(table.subarray(chunk * hashBytes, (chunk + 1) * hashBytes), i * hashBytes);
  return { type: 'claim', swarm, claims: packClaims(chunks, hashes) };
}
