// All trackers of all swarms: one client each, shared by the swarms that use it. Everybody is told everything, so the
// loss of one tracker, or of all, costs newcomers and nothing else.

import {
  type Address,
  type Bitfield,
  earliest,
  formatAddress,
  type Instant,
  type LinkFact,
  type LinkNumbers,
  type LinkOrder,
  NEVER,
  type Rng,
} from '@shoal/machine';
import { TrackerClient, type TrackerClientEvent } from '@shoal/tracker';
import type { FileOffer, SwarmKey } from '@shoal/wire';

const trackersMax = 64; // further ones are ignored: a ticket holds 16 at most

export interface TrackersOptions {
  readonly numbers: LinkNumbers;
  readonly rng: Rng;
  readonly perform: (order: LinkOrder) => void;
  readonly tell: (event: TrackerClientEvent, tracker: Address) => void;
}

export class Trackers {
  readonly #options: TrackersOptions;
  readonly #clients = new Map<string, TrackerClient>();
  readonly #ofSwarm = new Map<SwarmKey, TrackerClient[]>();
  #listenPort: number | undefined;

  constructor(options: TrackersOptions) {
    this.#options = options;
  }

  /** Under this port we accept links; set before swarms are joined. */
  setListenPort(port: number, now: Instant): void {
    this.#listenPort = port;
    for (const client of this.#clients.values()) client.setListenPort(port, now);
  }

  /** Looks for peers of a swarm with these trackers. */
  find(swarm: SwarmKey, trackers: readonly Address[], now: Instant): void {
    const clients = new Set(this.#ofSwarm.get(swarm));
    for (const address of trackers) {
      const client = this.#client(address, now);
      if (client === undefined || clients.has(client)) continue;
      clients.add(client);
      client.find(swarm, now);
    }
    this.#ofSwarm.set(swarm, [...clients]);
  }

  /** Tells the swarm's trackers what we offer or want, and what we hold of it. */
  /** Of a draft with its hashes. */
  join(offer: FileOffer, held: Bitfield, now: Instant, hashes?: Uint8Array): void {
    for (const client of this.#ofSwarm.get(offer.swarm) ?? []) client.join(offer, held, now, hashes);
  }

  chunksHeld(swarm: SwarmKey, chunks: readonly number[], now: Instant): void {
    for (const client of this.#ofSwarm.get(swarm) ?? []) client.chunksHeld(swarm, chunks, now);
  }

  /** Those found so far will not do: asks all trackers for others soon. */
  seek(now: Instant): void {
    for (const client of this.#clients.values()) client.seek(now);
  }

  leave(swarm: SwarmKey, now: Instant): void {
    for (const client of this.#ofSwarm.get(swarm) ?? []) client.leave(swarm, now);
    this.#ofSwarm.delete(swarm);
  }

  /** Takes leave of every tracker; each says `stopped` when that is done. Returns how many will. */
  stop(now: Instant): number {
    for (const client of this.#clients.values()) client.stop(now);
    return this.#clients.size;
  }

  /** Whether the fact was for one of the clients. */
  handleFact(fact: LinkFact, now: Instant): boolean {
    for (const client of this.#clients.values()) if (client.handleFact(fact, now)) return true;
    return false;
  }

  /** Carries out and passes on what the clients have to say. */
  drain(): void {
    for (const client of this.#clients.values()) {
      for (let output = client.poll(); output !== undefined; output = client.poll()) {
        if (output.type === 'linkOrder') this.#options.perform(output.order);
        else this.#options.tell(output, client.tracker);
      }
    }
  }

  nextTimeout(): Instant {
    let next = NEVER;
    for (const client of this.#clients.values()) next = earliest(next, client.nextTimeout());
    return next;
  }

  handleTimeout(now: Instant): void {
    for (const client of this.#clients.values()) client.handleTimeout(now);
  }

  #client(tracker: Address, now: Instant): TrackerClient | undefined {
    const key = formatAddress(tracker);
    const known = this.#clients.get(key);
    if (known !== undefined || this.#clients.size >= trackersMax) return known;
    const { numbers, rng } = this.#options;
    const client = new TrackerClient({ tracker, numbers, rng: rng.fork(key) });
    if (this.#listenPort !== undefined) client.setListenPort(this.#listenPort, now);
    this.#clients.set(key, client);
    return client;
  }
}
