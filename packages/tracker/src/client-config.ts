// What may be set of a tracker client, and what it tells.

import type { Address, LinkCode, LinkNumbers, LinkOrder, PeerId, Rng } from '@shoal/machine';
import type { PeerContact, Refusal, Standing, SwarmKey } from '@shoal/wire';

export interface TrackerClientConfig {
  /** Chunks that came to be held within this time are told in one request. */
  readonly batchMs: number;
  /** So many untold chunks are told at once. */
  readonly batchChunks: number;
  /** The first pause after a failure; each further one is twice as long, up to `retryMaxMs`, all by 0.5 to 1.5. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** A tracker that does not answer within this time is given up and dialled again. */
  readonly askTimeoutMs: number;
  /** How long `stop` waits for the tracker to hear of it. */
  readonly leaveTimeoutMs: number;
  /** With fewer peers found than this in some swarm, announces come sooner: after `eagerMs`, twice that, and so on. */
  readonly fewPeers: number;
  readonly eagerMs: number;
  /** So many peers of each swarm are asked for at a time. */
  readonly wantPeers: number;
}

export const trackerClientDefaults: TrackerClientConfig = {
  batchMs: 150,
  batchChunks: 256,
  retryMinMs: 500,
  retryMaxMs: 30_000,
  askTimeoutMs: 10_000,
  leaveTimeoutMs: 1_000,
  fewPeers: 8,
  eagerMs: 1_000,
  wantPeers: 30,
};

export interface TrackerClientOptions {
  readonly tracker: Address;
  /** Shared by everybody on the carrier. */
  readonly numbers: LinkNumbers;
  readonly rng: Rng;
  readonly config?: Partial<TrackerClientConfig>;
}

/** Why a tracker is down: the code of its link, `silent` when it did not answer in time. */
export type TrackerTrouble = LinkCode | 'silent';

export type TrackerClientEvent =
  /** Peers of the swarm that the tracker chose for us; they may be known already. */
  | { readonly type: 'peersFound'; readonly swarm: SwarmKey; readonly peers: readonly PeerContact[] }
  /** The tracker answers: for the first time, or again. `peer` is its identity. */
  | { readonly type: 'trackerUp'; readonly tracker: Address; readonly peer: PeerId }
  /** Told once an outage; dialling goes on. */
  | { readonly type: 'trackerDown'; readonly tracker: Address; readonly reason: TrackerTrouble }
  /** Where chunks of a draft stand by our claims and those of others. */
  | {
      readonly type: 'claimed';
      readonly swarm: SwarmKey;
      readonly chunks: readonly { readonly chunk: number; readonly standing: Standing }[];
    }
  /** The tracker does not list us for this swarm. */
  | { readonly type: 'refused'; readonly swarm: SwarmKey; readonly refusal: Refusal }
  /** The last output after `stop`. */
  | { readonly type: 'stopped' };

export type TrackerClientOutput = { readonly type: 'linkOrder'; readonly order: LinkOrder } | TrackerClientEvent;
