// The tracker's table as simple as can be, walking over everything at each call: what other bodies are compared with.

import type { Address, Instant, PeerId } from '@shoal/machine';
import type { ChunkSet, FileOffer, Knowledge, Progress, Refusal, SwarmKey } from '@shoal/wire';

interface Row {
  readonly peer: PeerId;
  readonly offer: FileOffer;
  readonly chunks: Set<number>;
}

export class NaiveStore {
  readonly #ttlMs: number;
  readonly #peers = new Map<PeerId, { address: Address; heardAt: Instant }>();
  #rows: Row[] = [];

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  register(peer: PeerId, address: Address, files: readonly FileOffer[], now: Instant): (Refusal | null)[] {
    this.#peers.set(peer, { address, heardAt: now });
    return files.map((offer) => {
      const listed = this.#rows.find((row) => row.offer.swarm === offer.swarm)?.offer;
      if (listed !== undefined && (listed.bytes !== offer.bytes || listed.chunkCount !== offer.chunkCount))
        return 'mismatch';
      if (this.#row(peer, offer.swarm) === undefined) this.#rows.push({ peer, offer, chunks: new Set() });
      return null;
    });
  }

  hold(peer: PeerId, swarm: SwarmKey, held: ChunkSet, now: Instant): Refusal | null {
    const known = this.#peers.get(peer);
    if (known === undefined) return 'unknownPeer';
    known.heardAt = now;
    const row = this.#row(peer, swarm);
    if (row === undefined) return 'unknownFile';
    const { chunkCount } = row.offer;
    // The suite hands over either single indices or the bits of all chunks.
    const chunks = 'chunks' in held ? held.chunks : Array.from({ length: chunkCount }, (_, i) => i);
    if (chunks.some((chunk) => chunk >= chunkCount)) return 'badChunk';
    for (const chunk of chunks) row.chunks.add(chunk);
    return null;
  }

  renew(peer: PeerId, { swarm, held }: Progress, now: Instant): Knowledge {
    const known = this.#peers.get(peer);
    if (known !== undefined) known.heardAt = now;
    const row = this.#row(peer, swarm);
    return row === undefined ? 'no' : row.chunks.size < held ? 'behind' : 'yes';
  }

  leave(peer: PeerId, swarm: SwarmKey | undefined): boolean {
    const kept = this.#rows.filter((row) => row.peer !== peer || (swarm !== undefined && row.offer.swarm !== swarm));
    const left = swarm === undefined ? this.#peers.delete(peer) : kept.length < this.#rows.length;
    this.#rows = kept;
    return left;
  }

  /** The peers forgotten at `now`, sorted. */
  expire(now: Instant): PeerId[] {
    const expired = [...this.#peers].filter(([, { heardAt }]) => heardAt + this.#ttlMs <= now).map(([peer]) => peer);
    for (const peer of expired) this.leave(peer, undefined);
    return expired.toSorted();
  }

  /** What the suite sees of a swarm. */
  picture(swarm: SwarmKey): unknown {
    const rows = this.#rows.filter((row) => row.offer.swarm === swarm);
    if (rows.length === 0) return null;
    const seeders = rows.filter(isFull).length;
    const holders = rows
      .filter((row) => row.chunks.size > 0)
      .toSorted((a, b) => (a.peer < b.peer ? -1 : 1))
      .map((row) => [
        row.peer,
        this.#peers.get(row.peer)!.address.port,
        isFull(row) ? 'all' : [...row.chunks].toSorted((a, b) => a - b).join(' '),
      ]);
    return { seeders, leechers: rows.length - seeders, total: holders.length, holders };
  }

  #row(peer: PeerId, swarm: SwarmKey): Row | undefined {
    return this.#rows.find((row) => row.peer === peer && row.offer.swarm === swarm);
  }
}

const isFull = (row: Row): boolean => row.chunks.size === row.offer.chunkCount;
