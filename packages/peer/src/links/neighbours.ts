// The links that are up, at most one for each peer. When two peers dial each other at once, two links come up, and both
// sides must drop the same one: they keep the one dialled by the smaller identity. Apart from that the newer link wins:
// whoever dials again has lost the old one.

import { type Address, type Instant, type LinkId, msBetween, type PeerId } from '@shoal/machine';
import type { Join, SwarmId } from '@shoal/wire';
import type { Contact } from './contacts.ts';

const linksWanted = 30; // as many as a swarm of any size needs to stay one piece; each costs a message for every chunk
const ownLinksMin = 4; // so many we dial ourselves, however many others have dialled us: those may all be strangers to the swarm
const linksMax = 64; // further links are refused as `busy`, unless one that nobody needs can make room
const simultaneousMs = 5_000; // links that come up within this time are taken as dialled at once
export const swarmsPerLinkMax = 64; // a remote's joins beyond it are ignored, and as many again in swarms that we are not in

/** One link to a peer. */
export interface Neighbour {
  readonly link: LinkId;
  readonly peer: PeerId;
  address: Address;
  /** Whether we dialled. */
  readonly ours: boolean;
  readonly openedAt: Instant;
  /** Where it can be dialled, as far as known. */
  contact: Contact | undefined;
  /** Where it says that it accepts links. */
  listenAddress: Address | undefined;
  /** Swarms in which the remote has joined. */
  readonly swarms: Set<SwarmId>;
  /** Its joins in swarms that we are not in, without their bits: it says them once, and we may join later. */
  readonly knocks: Map<SwarmId, Join>;
  /** How many peers it has told us of, for each swarm of ours. */
  readonly introduced: Map<SwarmId, number>;
}

export class Neighbours {
  readonly #self: PeerId;
  readonly #byLink = new Map<LinkId, Neighbour>();
  readonly #byPeer = new Map<PeerId, Neighbour>();
  #ownCount = 0;

  constructor(self: PeerId) {
    this.#self = self;
  }

  get size(): number {
    return this.#byLink.size;
  }

  /** Whether we look for no more of our own accord. */
  get isEnough(): boolean {
    return this.#byLink.size >= linksWanted && this.#ownCount >= ownLinksMin;
  }

  get isFull(): boolean {
    return this.#byLink.size >= linksMax;
  }

  [Symbol.iterator](): Iterator<Neighbour> {
    return this.#byLink.values();
  }

  get(link: LinkId): Neighbour | undefined {
    return this.#byLink.get(link);
  }

  ofPeer(peer: PeerId): Neighbour | undefined {
    return this.#byPeer.get(peer);
  }

  /** The one of two links to the same peer that both sides let go. */
  loser(old: Neighbour, fresh: Neighbour): Neighbour {
    const atOnce = msBetween(old.openedAt, fresh.openedAt) < simultaneousMs;
    if (!atOnce || old.ours === fresh.ours) return old;
    const keepOurs = this.#self < fresh.peer;
    return old.ours === keepOurs ? fresh : old;
  }

  add(neighbour: Neighbour): void {
    if (neighbour.ours) this.#ownCount += 1;
    this.#byLink.set(neighbour.link, neighbour);
    this.#byPeer.set(neighbour.peer, neighbour);
  }

  remove(neighbour: Neighbour): void {
    if (this.#byLink.delete(neighbour.link) && neighbour.ours) this.#ownCount -= 1;
    if (this.#byPeer.get(neighbour.peer) === neighbour) this.#byPeer.delete(neighbour.peer);
  }
}
