// What an operator may set of a tracker, and what a tracker tells of itself.

import type { Address, LinkCode, LinkOrder, PeerId } from '@shoal/machine';
import type { DraftId, Refusal, SwarmId, SwarmKey, TrackerRequest } from '@shoal/wire';
import type { ShareLimits } from './shares.ts';
import type { StoreCall } from './store.ts';

export interface TrackerConfig {
  /** A peer that was not heard of for so long is forgotten. The store is opened with the same. */
  readonly ttlMs: number;
  /** Links open at a time; a further one is closed with `busy`. The carrier should have room for more, to say so. */
  readonly linksMax: number;
  /** What one identity may have: further links are closed with `busy`, further requests refused with it. */
  readonly perPeer: ShareLimits;
  /** What one host (IPv6: one /64) may have; loopback is not limited. */
  readonly perHost: ShareLimits;
  /** Requests of one link that the store works at; a further one is refused with `busy`. */
  readonly requestsPerLinkMax: number;
  /** A link that broke the protocol so often is closed with `protocolViolated`. */
  readonly strikesMax: number;
  /** Whether this identity may use the tracker: others' links are closed with `authenticationFailed`. Default: all may. */
  readonly admits: (peer: PeerId) => boolean;
}

export const trackerDefaults: TrackerConfig = {
  ttlMs: 90_000,
  linksMax: 16_384, // a link costs its carrier some 60 KB: a gigabyte
  perPeer: { links: 8, requestsPerSecond: 50 },
  perHost: { links: 1_024, requestsPerSecond: 2_000 },
  requestsPerLinkMax: 16,
  strikesMax: 3,
  admits: () => true,
};

export type TrackerEvent =
  | {
      readonly type: 'registered';
      readonly peer: PeerId;
      readonly address: Address;
      /** Swarms it is listed for by this request. */
      readonly swarms: readonly SwarmKey[];
    }
  /** It took its leave of one swarm, or of all. */
  | { readonly type: 'left'; readonly peer: PeerId; readonly swarm?: SwarmKey }
  /** It was not heard of in time. */
  | { readonly type: 'expired'; readonly peer: PeerId }
  /** Every chunk of a draft is agreed upon: this is the swarm of its manifest. */
  | { readonly type: 'derived'; readonly draft: DraftId; readonly swarm: SwarmId }
  /** A file, a request or the link of the peer was refused. */
  | {
      readonly type: 'refused';
      readonly peer: PeerId;
      readonly address: Address;
      readonly request: Refused;
      readonly reason: Refusal | LinkCode;
    };

/** What was refused. */
export type Refused = TrackerRequest['type'] | 'unreadable' | 'link';

export type TrackerOutput =
  | { readonly type: 'linkOrder'; readonly order: LinkOrder }
  /** To be answered by `handleStoreAnswer`, or `handleStoreFailed`, with the same number. */
  | { readonly type: 'storeOrder'; readonly number: number; readonly call: StoreCall }
  | { readonly type: 'event'; readonly event: TrackerEvent };

export interface TrackerStats {
  readonly links: number;
  /** Requests answered since the start, by type. */
  readonly answered: { readonly [Type in TrackerRequest['type']]: number };
  /** Files, requests and links refused since the start, by reason. */
  readonly refused: { readonly [Reason in Refusal | LinkCode]?: number };
}
