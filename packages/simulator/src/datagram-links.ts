// Links over the real transport: each node has a LinkCarrier, and their datagrams travel a network that delays, loses,
// reorders, duplicates and damages them. Every packet is an event, so this is for swarms of a few peers, whose carriers
// all act in the order of time.

import {
  type Address,
  earliest,
  formatAddress,
  type Instant,
  instant,
  type LinkFact,
  type LinkId,
  type LinkOrder,
  NEVER,
  Outbox,
  type PeerId,
  type Rng,
  Timers,
} from '@shoal/machine';
import { Agenda, type Delivery } from '@shoal/machine/testing';
import { type ConnectionStats, type CryptoSuite, type KeyPair, LinkCarrier, nobleCrypto } from '@shoal/transport-udp';
import { DatagramNetwork, type PathProfile } from '@shoal/transport-udp/testing';
import type { NewNode, SimNetwork } from './sim-network.ts';

export interface DatagramLinksOptions {
  /** The way from any node to any other; its rate is that of each node's uplink. */
  readonly path: PathProfile;
  readonly rng: Rng;
  /** Plain TypeScript unless given; the suite of `@shoal/transport-udp/node` is faster and does the same. */
  readonly crypto?: CryptoSuite;
}

interface CarrierNode {
  address: Address;
  readonly rng: Rng;
  readonly keyPair: KeyPair;
  /** Undefined while the node is stopped. */
  carrier: LinkCarrier | undefined;
  starts: number;
}

const batchBytes = 65_507; // the largest UDP payload: what one call may put out

export class DatagramLinks implements SimNetwork {
  readonly datagrams: DatagramNetwork;
  readonly agenda: Agenda = new Agenda();
  readonly lookaheadMs = 0;
  readonly #crypto: CryptoSuite;
  readonly #nodes: CarrierNode[] = [];
  readonly #byAddress = new Map<string, number>();
  readonly #timers = new Timers<number>();
  readonly #out = new Outbox<Delivery>();
  readonly #buffer = new Uint8Array(batchBytes);
  #wakesAt = NEVER;

  constructor({ path, rng, crypto = nobleCrypto }: DatagramLinksOptions) {
    this.datagrams = new DatagramNetwork(path, rng.fork('datagrams'));
    this.#crypto = crypto;
  }

  addNode({ address, rng }: NewNode): PeerId {
    const keyPair = this.#crypto.keyPairOf(rng.fork('identity').bytes(32));
    const node: CarrierNode = { address, rng, keyPair, carrier: undefined, starts: 0 };
    this.#byAddress.set(formatAddress(address), this.#nodes.push(node) - 1);
    return this.#newCarrier(node).peer;
  }

  stopNode(node: number): void {
    this.#nodes[node]!.carrier = undefined;
    this.#timers.clear(node);
  }

  startNode(node: number): void {
    this.#newCarrier(this.#nodes[node]!);
  }

  moveNode(node: number, address: Address): void {
    this.#byAddress.delete(formatAddress(this.#nodes[node]!.address));
    this.#byAddress.set(formatAddress(address), node);
    this.#nodes[node]!.address = address;
  }

  partition(sideOf: ((node: number) => number) | undefined): void {
    const sideAt = (address: Address): number | undefined =>
      sideOf?.(this.#byAddress.get(formatAddress(address)) ?? -1);
    this.datagrams.interfere = (datagram) => (sideAt(datagram.from) === sideAt(datagram.to) ? [datagram] : []);
  }

  setRates(): void {
    // Rates belong to the path here, the same for all.
  }

  /** Numbers of a node's link; undefined when it is closed. */
  linkStats(node: number, link: LinkId): ConnectionStats | undefined {
    return this.#nodes[node]!.carrier?.linkStats(link);
  }

  perform(node: number, order: LinkOrder, now: Instant): void {
    this.#nodes[node]!.carrier?.perform(order, now);
    this.#drain(node, now);
    this.#wakeInTime(now);
  }

  poll(): Delivery | undefined {
    return this.#out.poll();
  }

  /** On one node's agenda, whoever it is for. */
  #wakeInTime(now: Instant): void {
    const wakesAt = instant(Math.max(now, earliest(this.datagrams.nextArrival(), this.#timers.next())));
    if (wakesAt >= this.#wakesAt) return;
    this.#wakesAt = wakesAt;
    this.agenda.add(0, wakesAt, (at) => {
      if (at !== this.#wakesAt) return; // an earlier moment was found meanwhile
      this.#wakesAt = NEVER;
      this.#handleTimeout(at);
      this.#wakeInTime(at);
    });
  }

  #handleTimeout(now: Instant): void {
    for (let got = this.datagrams.receive(now); got !== undefined; got = this.datagrams.receive(now)) {
      const node = this.#byAddress.get(formatAddress(got.to));
      if (node === undefined) continue;
      this.#nodes[node]!.carrier?.handleDatagram(got.bytes, got.from, now);
      this.#drain(node, now);
    }
    for (let node = this.#timers.pop(now); node !== undefined; node = this.#timers.pop(now)) {
      this.#nodes[node]!.carrier?.handleTimeout(now);
      this.#drain(node, now);
    }
  }

  /** Each start draws other ephemeral keys and connection ids. */
  #newCarrier(node: CarrierNode): LinkCarrier {
    node.starts += 1;
    const rng = node.rng.fork(`start ${node.starts}`);
    const { keyPair } = node;
    node.carrier = new LinkCarrier({ crypto: this.#crypto, keyPair, randomBytes: (count) => rng.bytes(count) });
    return node.carrier;
  }

  #drain(node: number, now: Instant): void {
    const { carrier, address } = this.#nodes[node]!;
    if (carrier === undefined) return;
    this.#collect(node, carrier);
    for (;;) {
      const transmit = carrier.pollTransmit(this.#buffer, now);
      this.#collect(node, carrier);
      if (transmit === undefined) break;
      for (let at = 0; at < transmit.length; at += transmit.segmentBytes) {
        const end = Math.min(transmit.length, at + transmit.segmentBytes);
        this.datagrams.send(address, transmit.address, this.#buffer.subarray(at, end), now);
      }
    }
    this.#timers.set(node, carrier.nextTimeout());
  }

  #collect(node: number, carrier: LinkCarrier): void {
    for (let fact: LinkFact | undefined = carrier.poll(); fact !== undefined; fact = carrier.poll())
      this.#out.push({ node, fact });
  }
}
