// Who is linked with the tracker, and whether one more may be, and may ask one thing more.

import {
  type Address,
  hostScope,
  type Instant,
  ipNetwork,
  type LinkCode,
  type LinkFact,
  type LinkId,
  type PeerId,
  type RequestId,
} from '@shoal/machine';
import type { Refusal } from '@shoal/wire';
import { type Share, Shares } from './shares.ts';
import type { TrackerConfig } from './tracker-config.ts';

export interface Client {
  readonly link: LinkId;
  readonly peer: PeerId;
  /** Where its packets come from. However it moves, it counts where it linked from. */
  address: Address;
  /** Requests that want an answer. */
  readonly waiting: Set<RequestId>;
  /** Store orders under way for it, those of cancelled requests too. */
  ordered: number;
  strikes: number;
  /** Where the store has heard that it is reached. */
  listed: Address | undefined;
}

interface Linked {
  readonly client: Client;
  readonly ofPeer: Share;
  /** Absent on loopback. */
  readonly ofHost: Share | undefined;
}

/** Why somebody is turned away: what the remote is told, and what is counted. */
export interface TurnedAway {
  readonly code: LinkCode;
  readonly reason: LinkCode | Refusal;
}

const wholeHost = { ipv4: 4, ipv6: 8 };
const full: TurnedAway = { code: 'busy', reason: 'full' };
const overQuota: TurnedAway = { code: 'busy', reason: 'quotaExceeded' };
const notAdmitted: TurnedAway = { code: 'authenticationFailed', reason: 'authenticationFailed' };

export class Clients {
  readonly #config: TrackerConfig;
  readonly #linked = new Map<LinkId, Linked>();
  readonly #ofPeers: Shares;
  readonly #ofHosts: Shares;

  constructor(config: TrackerConfig) {
    this.#config = config;
    this.#ofPeers = new Shares(config.perPeer);
    this.#ofHosts = new Shares(config.perHost);
  }

  get size(): number {
    return this.#linked.size;
  }

  get(link: LinkId): Client | undefined {
    return this.#linked.get(link)?.client;
  }

  /** Takes a new link; otherwise says why not. */
  open({ link, peer, address }: LinkFact & { type: 'linkOpened' }, now: Instant): TurnedAway | undefined {
    if (!this.#config.admits(peer)) return notAdmitted;
    if (this.#linked.size >= this.#config.linksMax) return full;
    const ofPeer = this.#ofPeers.open(peer, now);
    if (ofPeer === undefined) return overQuota;
    const isCounted = hostScope(address.host) !== 'loopback';
    const ofHost = isCounted ? this.#ofHosts.open(ipNetwork(address.host, wholeHost) ?? address.host, now) : undefined;
    if (isCounted && ofHost === undefined) {
      this.#ofPeers.close(ofPeer);
      return overQuota;
    }
    const client: Client = { link, peer, address, waiting: new Set(), ordered: 0, strikes: 0, listed: undefined };
    this.#linked.set(link, { client, ofPeer, ofHost });
    return undefined;
  }

  /** Whether the client may ask one thing more now; otherwise says why not. */
  ask({ link, ordered }: Client, now: Instant): TurnedAway | undefined {
    const { ofPeer, ofHost } = this.#linked.get(link)!;
    if (ordered >= this.#config.requestsPerLinkMax) return overQuota;
    const isFast = !this.#ofPeers.ask(ofPeer, now) || (ofHost !== undefined && !this.#ofHosts.ask(ofHost, now));
    return isFast ? overQuota : undefined;
  }

  /** The link is gone: nothing is answered on it any more. */
  close(link: LinkId): void {
    const linked = this.#linked.get(link);
    if (linked === undefined) return;
    this.#linked.delete(link);
    linked.client.waiting.clear();
    this.#ofPeers.close(linked.ofPeer);
    if (linked.ofHost !== undefined) this.#ofHosts.close(linked.ofHost);
  }
}
