// Runs datagram machines (endpoints, link carriers) against each other over a simulated network, in one struct and in
// virtual time: step from event to event, or drive until a condition holds. Every call is followed by a full drain.

import { type Address, formatAddress, type Instant, instant, invariant, type Rng, seededRng } from '@shoal/machine';
import type { DatagramMachine } from '../datagram-machine.ts';
import { DatagramNetwork, type PathProfile } from './datagram-network.ts';

interface LabNode<Output> {
  address: Address;
  readonly machine: DatagramMachine<Output>;
  readonly outputs: Output[];
  readonly handle: ((output: Output) => void) | undefined;
}

const batchBytes = 65_507;
const stepsMax = 5_000_000;

export class Lab<Output> {
  readonly network: DatagramNetwork;
  readonly rng: Rng;
  now: Instant = instant(0);
  readonly #nodes = new Map<string, LabNode<Output>>();
  readonly #buffer = new Uint8Array(batchBytes);

  constructor(profile: PathProfile, seed = 'lab') {
    this.rng = seededRng(seed);
    this.network = new DatagramNetwork(profile, this.rng.fork('network'));
  }

  /** Adds a machine; its outputs go to `handle` if there is one, and are collected in the array returned. */
  add(address: Address, machine: DatagramMachine<Output>, handle?: (output: Output) => void): Output[] {
    const node = { address, machine, outputs: [], handle };
    this.#nodes.set(formatAddress(address), node);
    return node.outputs;
  }

  /** The machine vanishes: datagrams to it are lost, its timers stand still. */
  remove(address: Address): void {
    this.#nodes.delete(formatAddress(address));
  }

  /** The machine sends from another address from now on, and is reached there and, with `keep`, at the old one too. */
  move(from: Address, to: Address, { keep = false }: { keep?: boolean } = {}): void {
    const node = this.#nodes.get(formatAddress(from));
    invariant(node !== undefined, 'a machine that moves is there');
    if (!keep) this.#nodes.delete(formatAddress(from));
    node.address = to;
    this.#nodes.set(formatAddress(to), node);
  }

  /** Carries out everything the machines want at this moment: call after commands given from outside. */
  drain(): void {
    for (const node of this.#nodes.values()) this.#drainNode(node);
  }

  /** Goes to the next event and handles it; false when nothing will ever happen again, or not before `until`. */
  step(until: Instant = instant(Number.POSITIVE_INFINITY)): boolean {
    this.drain();
    let next = this.network.nextArrival();
    for (const { machine } of this.#nodes.values()) next = instant(Math.min(next, machine.nextTimeout()));
    if (next > until || next === Number.POSITIVE_INFINITY) return false;
    this.now = instant(Math.max(this.now, next));
    for (let got = this.network.receive(this.now); got !== undefined; got = this.network.receive(this.now)) {
      const node = this.#nodes.get(formatAddress(got.to));
      node?.machine.handleDatagram(got.bytes, got.from, this.now);
      got.bytes.fill(0xaa); // sockets reuse their buffers: whoever looks again sees nonsense
      if (node !== undefined) this.#drainOutputs(node);
    }
    for (const node of this.#nodes.values()) {
      if (node.machine.nextTimeout() <= this.now) node.machine.handleTimeout(this.now);
      this.#drainNode(node);
    }
    return true;
  }

  /** Runs for `ms` of virtual time. */
  run(ms: number): void {
    const end = instant(this.now + ms);
    while (this.step(end));
    this.now = end;
    this.drain();
  }

  /** Runs until `condition` holds; false when it does not within `ms` of virtual time. */
  runUntil(condition: () => boolean, ms = 60_000): boolean {
    const end = instant(this.now + ms);
    this.drain();
    for (let steps = 0; !condition(); steps += 1) {
      invariant(steps < stepsMax, 'a simulated run ends');
      if (!this.step(end)) return condition();
    }
    return true;
  }

  #drainNode(node: LabNode<Output>): void {
    this.#drainOutputs(node);
    for (;;) {
      const transmit = node.machine.pollTransmit(this.#buffer, this.now);
      this.#drainOutputs(node);
      if (transmit === undefined) return;
      for (let at = 0; at < transmit.length; at += transmit.segmentBytes) {
        const end = Math.min(transmit.length, at + transmit.segmentBytes);
        this.network.send(node.address, transmit.address, this.#buffer.subarray(at, end), this.now);
      }
    }
  }

  #drainOutputs(node: LabNode<Output>): void {
    for (let output = node.machine.poll(); output !== undefined; output = node.machine.poll()) {
      node.outputs.push(output);
      node.handle?.(output);
    }
  }
}
