// One process, a clock that only events move, and any number of nodes on a simulated network. The world carries out what
// its actors order, tells them what happens, and notes every happening in its trace.
//
// Time passes in windows (conservative lookahead, after Chandy, Misra and Bryant): what nodes do within a window is too
// short before its end to reach one another, so each does everything it has in it before the next gets its turn. A node's
// state is then fetched into the processor's caches once a window and not once an event. What concerns more than one
// node happens between windows.

import {
  type Address,
  after,
  earliest,
  type Instant,
  instant,
  invariant,
  type LinkFact,
  linkMessageBytesMax,
  type LinkOrder,
  NEVER,
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
const stepsPerMomentMax = 1_000_000;

export class World {
  readonly rng: Rng;
  readonly network: SimNetwork;
  readonly trace: Trace;
  readonly #actors: (Actor | undefined)[] = [];
  /** When each actor wants to be called. */
  readonly #timeouts: Instant[] = [];
  readonly #plan = new Timers<() => void>();
  /** Draws who goes first. */
  readonly #order: Rng;
  #now = instant(0);
  #stepsNow = 0;
  #events = 0;

  constructor({ rng, network, trace }: WorldOptions) {
    this.rng = rng;
    this.#order = rng.fork('order');
    this.network = network;
    this.trace = trace;
  }

  /** Of the node whose turn it is; nodes are never further apart than the lookahead of their network. */
  get now(): Instant {
    return this.#now;
  }

  /** Facts told and timers run so far. */
  get events(): number {
    return this.#events;
  }

  addSeat(rates: Rates): Seat {
    const node = this.#actors.push(undefined) - 1;
    this.#timeouts.push(NEVER);
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
    this.#timeouts[node] = actor?.nextTimeout() ?? NEVER;
  }

  perform(node: number, order: LinkOrder): void {
    if (order.type === 'sendMessage')
      invariant(order.message.length <= linkMessageBytesMax, 'a message fits its limit');
    if (order.type === 'ask') invariant(order.request.length <= linkMessageBytesMax, 'a request fits its limit');
    this.network.perform(node, order, this.#now);
  }

  /** Something about one node, at a moment; never from within the caller. */
  atNode(node: number, moment: Instant, act: () => void): void {
    this.network.agenda.add(node, instant(Math.max(moment, this.#now)), act);
  }

  /** Something about any of them: when all have come as far. Never from within the caller, and not within a window. */
  at(moment: Instant, act: () => void): void {
    this.#plan.set(() => act(), instant(Math.max(moment, this.#now)));
  }

  note(node: number, what: string): void {
    this.trace.note(this.#now, node, what);
  }

  /** Goes on until `done`, or until nothing happens before `until`. Answers whether it is done. */
  run(done: () => boolean, until: Instant): boolean {
    while (!done()) {
      const from = this.#next();
      if (from > until) return false;
      const end = earliest(after(from, this.network.lookaheadMs), until);
      this.#runWindow(from, instant(Math.max(from, Math.min(end, this.#plan.next()))));
    }
    return true;
  }

  /**
   * What is sent from `from` on does not arrive before `end`, and what happens at one moment may happen in any order. Were
   * the same nodes always first, all others would prefer them, which slows a swarm of equals down.
   */
  #runWindow(from: Instant, end: Instant): void {
    this.#pass(from);
    const count = this.#actors.length;
    const first = this.#order.below(count);
    for (let i = 0; i < count; i += 1) {
      const node = (first + i) % count;
      this.#now = from;
      for (let at = this.#nextOf(node); at <= end; at = this.#nextOf(node)) {
        this.#pass(at);
        this.#step(node, at);
      }
    }
    this.#now = end;
    for (let act = this.#plan.pop(end); act !== undefined; act = this.#plan.pop(end)) {
      this.#pass(end);
      act();
      this.#deliver();
    }
  }

  #step(node: number, at: Instant): void {
    const { agenda } = this.network;
    if (agenda.nextOf(node) === at) agenda.happen(node);
    else {
      this.#events += 1;
      this.#actors[node]?.handleTimeout();
      this.rearm(node);
    }
    this.#deliver();
  }

  /** A timer that was due before is due now. */
  #pass(at: Instant): void {
    this.#stepsNow = at > this.#now ? 0 : this.#stepsNow + 1;
    invariant(this.#stepsNow < stepsPerMomentMax, `time passes: ${stepsPerMomentMax} steps at ${this.#now} ms`);
    this.#now = instant(Math.max(this.#now, at));
  }

  #nextOf(node: number): Instant {
    return instant(Math.min(this.network.agenda.nextOf(node), this.#timeouts[node]!));
  }

  #next(): Instant {
    let next = this.#plan.next();
    for (let node = 0; node < this.#actors.length; node += 1) next = instant(Math.min(next, this.#nextOf(node)));
    return instant(Math.max(this.#now, next));
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
