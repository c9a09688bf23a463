// Machines that speak links, on one LinkNetwork in virtual time.

import {
  after,
  drain,
  earliest,
  type Instant,
  instant,
  type LinkFact,
  linkId,
  type LinkOrder,
  type PeerId,
  peerId,
  requestId,
} from '@shoal/machine';
import { LinkNetwork } from '@shoal/machine/testing';
import { decode, encode, holdersIn, type SwarmKey } from '@shoal/wire';
import type { MemoryTracker, MemoryTrackerOutput } from '../../src/index.ts';

/** A machine of this package, whatever else it puts out. */
interface Speaker<Output> {
  handleFact(fact: LinkFact, now: Instant): unknown;
  handleTimeout(now: Instant): void;
  nextTimeout(): Instant;
  poll(): Output | { readonly type: 'linkOrder'; readonly order: LinkOrder } | undefined;
}

/** What a machine put out that was no order, and when. */
export interface Said<Output> {
  readonly at: Instant;
  readonly output: Exclude<Output, { readonly type: 'linkOrder' }>;
}

interface Node {
  readonly node: number;
  speaker: Speaker<unknown> | undefined;
  /** Facts for a node without a machine, for tests that speak bytes themselves. */
  readonly facts: LinkFact[];
  readonly said: Said<unknown>[];
}

export const peerOf = (number: number): PeerId => peerId(number.toString(16).padStart(64, '0'))!;
export const addressOf = (number: number): { host: string; port: number } => ({
  host: `10.0.2.${number}`,
  port: 4_000,
});

export class World {
  readonly network = new LinkNetwork();
  readonly #nodes: Node[] = [];
  now: Instant = instant(0);

  /** Node `number` of the network: address 10.0.2.(number + 1). Returns what its machine says. */
  add<Output>(speaker?: Speaker<Output>): {
    readonly node: number;
    readonly said: Said<Output>[];
    readonly facts: LinkFact[];
  } {
    const number = this.#nodes.length + 1;
    const node = this.network.addNode(addressOf(number), peerOf(number));
    const added: Node = { node, speaker, facts: [], said: [] };
    this.#nodes.push(added);
    return { node, said: added.said as Said<Output>[], facts: added.facts };
  }

  /** A node without a machine, with the identity of another. */
  addAs(peer: PeerId): { readonly node: number; readonly facts: LinkFact[] } {
    const node = this.network.addNode(addressOf(this.#nodes.length + 1), peer);
    const added: Node = { node, speaker: undefined, facts: [], said: [] };
    this.#nodes.push(added);
    return added;
  }

  /** A node goes down; it comes up again with another machine, or the same. */
  stop(node: number): void {
    this.network.stopNode(node, this.now);
    this.#nodes[node]!.speaker = undefined;
  }

  start<Output>(node: number, speaker: Speaker<Output>): void {
    this.network.startNode(node);
    this.#nodes[node]!.speaker = speaker;
  }

  /** Tells the machines something, then carries out what follows at this moment. */
  do(call: (now: Instant) => void): void {
    call(this.now);
    this.#settle();
  }

  perform(node: number, order: LinkOrder): void {
    this.do(() => this.network.perform(node, order, this.now));
  }

  run(ms: number): void {
    const end = after(this.now, ms);
    for (;;) {
      const at = earliest(this.network.nextTimeout(), ...this.#nodes.map((n) => n.speaker?.nextTimeout() ?? end));
      if (at > end) break;
      if (at === end && this.now === end) break;
      this.now = instant(Math.max(this.now, at));
      this.network.handleTimeout(this.now);
      for (const { speaker } of this.#nodes) speaker?.handleTimeout(this.now);
      this.#settle();
    }
    this.now = end;
  }

  /** What a tracker tells of a swarm: asked by a stranger, over a link of its own. */
  locate(tracker: MemoryTracker, swarm: SwarmKey) {
    const [link, request] = [linkId(-1), requestId(-1)];
    const outputs: MemoryTrackerOutput[] = [];
    const tell = (fact: LinkFact): void => {
      tracker.handleFact(fact, this.now);
      outputs.push(...drain(tracker));
    };
    tell({ type: 'linkOpened', link, peer: peerOf(250), address: addressOf(250) });
    tell({ type: 'requestReceived', link, request, message: encode({ type: 'fileLocations', file: { swarm } }) });
    tell({ type: 'linkClosed', link, code: 'done' });
    const orders = outputs.flatMap((output) => (output.type === 'linkOrder' ? [output.order] : []));
    const decoded = orders[0]?.type === 'answer' ? decode(orders[0].head) : undefined;
    if (decoded?.ok !== true || decoded.message.type !== 'fileLocationsReply') throw new Error('no answer');
    const { file, holders } = decoded.message;
    return {
      seeders: file?.seeders,
      leechers: file?.leechers,
      holders: Object.fromEntries(holdersIn(holders).map(({ peer, held }) => [peer, held])),
    };
  }

  #settle(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const node of this.#nodes) while (this.#pollOne(node)) busy = true;
      for (let delivery = this.network.poll(); delivery !== undefined; delivery = this.network.poll()) {
        const { speaker, facts } = this.#nodes[delivery.node]!;
        if (speaker === undefined) facts.push(delivery.fact);
        else speaker.handleFact(delivery.fact, this.now);
        busy = true;
      }
    }
  }

  #pollOne(node: Node): boolean {
    const output = node.speaker?.poll() as { type: string; order?: LinkOrder } | undefined;
    if (output === undefined) return false;
    if (output.type === 'linkOrder') this.network.perform(node.node, output.order!, this.now);
    else node.said.push({ at: this.now, output });
    return true;
  }
}
