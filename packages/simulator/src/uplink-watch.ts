// Where time is lost: looks at all uplinks now and then and notes what each is doing, and if it is idle, why. It knows
// the whole swarm, as no peer does. Each look counts an uplink with its rate: what is lost is capacity.

import type { FluidMedium } from './fluid-medium.ts';
import type { SimPeer } from './sim-peer.ts';

/** What an uplink is doing. */
export type UplinkState =
  | 'sending'
  /** Its peer has nothing yet. */
  | 'empty'
  /** A neighbour lacks something that the peer holds, and has asked nobody for it. */
  | 'unasked'
  /** All that neighbours lack of it is on its way to them from others. */
  | 'elsewhere'
  /** Only peers that are no neighbours lack something of it. */
  | 'distant'
  /** Nobody lacks anything that the peer holds. */
  | 'useless';

/** Parts of all uplinks' capacity; together 1. */
export type UplinkShares = Readonly<Record<UplinkState, number>>;

export class UplinkWatch {
  readonly #medium: FluidMedium;
  readonly #peers: readonly SimPeer[];
  readonly #chunkCount: number;
  readonly #sums: Record<UplinkState, number> = {
    sending: 0,
    empty: 0,
    unasked: 0,
    elsewhere: 0,
    distant: 0,
    useless: 0,
  };

  constructor(medium: FluidMedium, peers: readonly SimPeer[], chunkCount: number) {
    this.#medium = medium;
    this.#peers = peers;
    this.#chunkCount = chunkCount;
  }

  look(): void {
    const byId = new Map(this.#peers.map((peer) => [peer.seat.peer, peer]));
    const present = this.#peers.filter((peer) => peer.isUp);
    const copies = this.#copiesAmong(present);
    for (const peer of present) {
      const { node } = peer.seat;
      const { upBytesPerSecond } = this.#medium.rates(node);
      if (!Number.isFinite(upBytesPerSecond)) continue;
      const neighbours = [...peer.neighbours].flatMap((id) => byId.get(id) ?? []).filter((other) => other.isUp);
      const state = this.#medium.isSending(node) ? 'sending' : this.#whyIdle(peer, neighbours, copies, present.length);
      this.#sums[state] += upBytesPerSecond;
    }
  }

  shares(): UplinkShares {
    const total = Math.max(
      1,
      Object.values(this.#sums).reduce((sum, part) => sum + part, 0),
    );
    const share = (state: UplinkState): number => this.#sums[state] / total;
    return {
      sending: share('sending'),
      empty: share('empty'),
      unasked: share('unasked'),
      elsewhere: share('elsewhere'),
      distant: share('distant'),
      useless: share('useless'),
    };
  }

  #whyIdle(peer: SimPeer, neighbours: readonly SimPeer[], copies: Uint32Array, present: number): UplinkState {
    const { held } = peer;
    if (held === undefined || held.count === 0) return 'empty';
    let [elsewhere, distant] = [false, false];
    for (let chunk = 0; chunk < this.#chunkCount; chunk += 1) {
      if (copies[chunk] === present || !held.has(chunk)) continue;
      distant = true;
      for (const other of neighbours) {
        if (other.held?.has(chunk) === true) continue;
        if (!other.isAwaiting(chunk)) return 'unasked';
        elsewhere = true;
      }
    }
    if (elsewhere) return 'elsewhere';
    return distant ? 'distant' : 'useless';
  }

  #copiesAmong(peers: readonly SimPeer[]): Uint32Array {
    const copies = new Uint32Array(this.#chunkCount);
    for (const { held } of peers)
      if (held !== undefined)
        for (let chunk = 0; chunk < copies.length; chunk += 1) if (held.has(chunk)) copies[chunk]! += 1;
    return copies;
  }
}
