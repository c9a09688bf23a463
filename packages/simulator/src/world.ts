// One process, one clock that only the next event moves, and any number of nodes on a simulated network. The world
// carries out what its actors order, tells them what happens, and notes every happening in its trace.

import {
  type Address,
  earliest,
  type Instant,
  instant,
  invariant,
  type LinkFact,
  linkMessageBytesMax,
  type LinkOrder,
  type PeerId,
  type Rng,
  Timers,
} from '@shoal/machine';
import type { Rates } from './fluid-medium.ts';
import type { SimNetwork } from './sim-network.ts';
import type { Trace } from './trace.ts';

/** A node's program. The world calls it; it drains its machine after each call, performing orders through the world. */
export interface Actor {
  handleFact(fact: LinkFact): void;
  handleTimeout(): void;
  nextTimeout(): Instant;
}

/** A place on the network. */
export interface Seat {
  readonly node: number;
  readonly address: Address;
  readonly peer: PeerId;
  readonly rng: Rng;
}

export interface WorldOptions {
  readonly rng: Rng;
  readonly network: SimNetwork;
  readonly trace: Trace;
}

/** So many steps without time passing are a machine that wants to be called for ever. */
const stepsPerMomentMax = 100_000;

export class World {
  readonly rng: Rng;
  readonly network: SimNetwork;
  readonly trace: Trace;
  readonly #actors: (Actor | undefined)[] = [];
  readonly #timers = new Timers<number>();
  readonly #plan = new Timers<() => void>();
  #now = instant(0);
  #stepsNow = 0;
  #events = 0;

  constructor({ rng, network, trace }: WorldOptions) {
    this.rng = rng;
    this.network = network;
    this.trace = trace;
  }

  get now(): Instant {
    return this.#now;
  }

  /** Facts told and timers run so far. */
  get events(): number {
    return this.#events;
  }

  addSeat(rates: Rates): Seat {
    const node = this.#actors.push(undefined) - 1;
    const address = { host: `10.${node >> 16}.${(node >> 8) & 255}.${node & 255}`, port: 4_000 };
    const rng = this.rng.fork(`node ${node}`);
    const peer = this.network.addNode({ address, rng, rates });
    return { node, address, peer, rng };
  }

  /** The program of a seat from now on; undefined stops the node. */
  setActor(node: number, actor: Actor | undefined): void {
    this.#actors[node] = actor;
    this.rearm(node);
  }

  stopNode(node: number): void {
    this.note(node, 'node stopped');
    this.setActor(node, undefined);
    this.network.stopNode(node, this.#now);
  }

  startNode(node: number): void {
    this.note(node, 'node started');
    this.network.startNode(node, this.#now);
  }

  /** To be called when an actor was told something by others than the world, which sees to it itself. */
  rearm(node: number): void {
    const actor = this.#actors[node];
    if (actor === undefined) this.#timers.clear(node);
    else this.#timers.set(node, actor.nextTimeout());
  }

  perform(node: number, order: LinkOrder): void {
    if (order.type === 'sendMessage')
      invariant(order.message.length <= linkMessageBytesMax, 'a message fits its limit');
    if (order.type === 'ask') invariant(order.request.length <= linkMessageBytesMax, 'a request fits its limit');
    this.network.perform(node, order, this.#now);
  }

  /** Calls `act` at a moment; never from within the caller. */
  at(moment: Instant, act: () => void): void {
    this.#plan.set(() => act(), instant(Math.max(moment, this.#now)));
  }

  note(node: number, what: string): void {
    this.trace.note(this.#now, node, what);
  }

  /** Goes on until `done`, or until nothing happens before `until`. Answers whether it is done. */
  run(done: () => boolean, until: Instant): boolean {
    while (!done()) {
      const next = earliest(this.network.nextTimeout(), this.#timers.next(), this.#plan.next());
      if (next > until) return false;
      this.#step(next);
    }
    return true;
  }

  #step(at: Instant): void {
    this.#stepsNow = at > this.#now ? 0 : this.#stepsNow + 1;
    invariant(this.#stepsNow < stepsPerMomentMax, `time passes: ${stepsPerMomentMax} steps at ${this.#now} ms`);
    this.#now = instant(Math.max(this.#now, at));
    this.network.handleTimeout(this.#now);
    this.#deliver();
    for (let act = this.#plan.pop(this.#now); act !== undefined; act = this.#plan.pop(this.#now)) act();
    for (let node = this.#timers.pop(this.#now); node !== undefined; node = this.#timers.pop(this.#now)) {
      this.#events += 1;
      this.#actors[node]?.handleTimeout();
      this.#rearmLater(node);
    }
    this.#deliver();
  }

  /** A timer that is due again at once waits for the next step, so that a world that stands still is noticed. */
  #rearmLater(node: number): void {
    const at = this.#actors[node]?.nextTimeout();
    if (at === undefined) return;
    if (at > this.#now) this.#timers.set(node, at);
    else this.at(this.#now, () => this.rearm(node));
  }

  #deliver(): void {
    for (let delivery = this.network.poll(); delivery !== undefined; delivery = this.network.poll()) {
      const { node, fact } = delivery;
      const actor = this.#actors[node];
      if (actor === undefined) continue;
      this.#events += 1;
      this.trace.fact(this.#now, node, fact);
      actor.handleFact(fact);
      this.rearm(node);
    }
  }
}
