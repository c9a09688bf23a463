// Everybody who has joined a swarm on a link of ours, and the links on which we have: who greets whom, and with what role.

import { formatAddress, type LinkId, type PeerId } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';
import { type FixedNeighbours, type Role, roleOf } from './links/fixed-neighbours.ts';
import type { Neighbour } from './links/neighbours.ts';
import { Remote } from './remote.ts';
import type { Tally } from './tally.ts';

export interface MembersOptions {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  readonly tally: Tally;
  /** We hold more than we tell. */
  readonly offering: boolean;
  readonly neighbours: FixedNeighbours | undefined;
  /** What everybody is told that we hold. */
  readonly visibleBits: () => Uint8Array;
}

export class Members {
  readonly #options: MembersOptions;
  readonly #remotes = new Map<LinkId, Remote>();
  readonly #greeted = new Set<LinkId>();
  /** Who was last reached at the address of each download neighbour: asked wherever it moves to. */
  readonly #asked = new Map<string, PeerId>();

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#remotes.size;
  }

  [Symbol.iterator](): Iterator<Remote> {
    return this.#remotes.values();
  }

  get(link: LinkId): Remote | undefined {
    return this.#remotes.get(link);
  }

  /** Joins on a link, unless we have. */
  greetOnce(link: LinkId): void {
    if (!this.#greeted.has(link)) this.greet(link);
  }

  /** Says on a link that we are in this swarm, with what we hold. */
  greet(link: LinkId): void {
    const { swarm, host, offering, visibleBits } = this.#options;
    this.#greeted.add(link);
    host.send(link, { type: 'join', swarm, bits: visibleBits(), offering });
  }

  /** The neighbour is in the swarm. Undefined when we have nothing to do with it. */
  joined(neighbour: Neighbour): Remote | undefined {
    const { link, peer, address } = neighbour;
    const known = this.#remotes.get(link);
    if (known !== undefined) return known;
    const { swarm, host, tally, neighbours } = this.#options;
    const role = this.#roleOf(neighbour);
    if (!role.isAsked && !role.isServed) return undefined;
    const remote = new Remote(link, peer, address, tally.remote(peer, address), role);
    this.#remotes.set(link, remote);
    host.emit({ type: 'remoteJoined', swarm, peer, address });
    this.greetOnce(link);
    const peers = neighbours === undefined ? host.contactsFor(swarm, peer) : [];
    if (peers.length > 0) host.send(link, { type: 'peers', swarm, peers });
    return remote;
  }

  #roleOf({ peer, address, ours, contact, listenAddress }: Neighbour): Role {
    const { neighbours } = this.#options;
    const role = roleOf(neighbours, [contact?.address ?? address, listenAddress ?? address]);
    // Whoever answers where we dialled is there; whoever dials us says so only.
    if (neighbours !== undefined && role.isAsked && ours && contact !== undefined)
      this.#asked.set(formatAddress(contact.address), peer);
    return { ...role, isAsked: role.isAsked || [...this.#asked.values()].includes(peer) };
  }

  /** The remote on the link has left the swarm, or the link has ended. */
  left(link: LinkId): Remote | undefined {
    this.#greeted.delete(link);
    const remote = this.#remotes.get(link);
    this.#remotes.delete(link);
    return remote;
  }

  /**
   * Takes our leave of everybody. Who has not answered yet has heard nothing since the greeting: it is greeted again before, so
   * that an owner who was slow learns that we have it all.
   */
  part(): void {
    const { swarm, host } = this.#options;
    for (const link of this.#greeted) {
      if (this.#remotes.get(link)?.knowsOurs !== true) this.greet(link);
      host.send(link, { type: 'part', swarm });
    }
  }
}
