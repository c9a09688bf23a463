// The real tracker, with its table in memory, at a seat of the world. A restart begins with an empty table.

import type { Instant, LinkFact } from '@shoal/machine';
import { MemoryTracker } from '@shoal/tracker';
import type { Actor, Seat, World } from './world.ts';

export class SimTracker implements Actor {
  readonly seat: Seat;
  readonly #world: World;
  readonly #ttlMs: number;
  #machine: MemoryTracker;
  #starts = 0;

  constructor(world: World, ttlMs: number) {
    this.#world = world;
    this.#ttlMs = ttlMs;
    this.seat = world.addSeat({ upBytesPerSecond: Infinity, downBytesPerSecond: Infinity });
    this.#machine = this.#newMachine();
    world.setActor(this.seat.node, this);
  }

  stop(): void {
    this.#world.stopNode(this.seat.node);
  }

  start(): void {
    this.#machine = this.#newMachine();
    this.#world.startNode(this.seat.node);
    this.#world.setActor(this.seat.node, this);
  }

  handleFact(fact: LinkFact): void {
    this.#machine.handleFact(fact, this.#world.now);
    this.#drain();
  }

  handleTimeout(): void {
    this.#machine.handleTimeout(this.#world.now);
    this.#drain();
  }

  nextTimeout(): Instant {
    return this.#machine.nextTimeout();
  }

  #drain(): void {
    const { node } = this.seat;
    for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) {
      if (output.type === 'linkOrder') this.#world.perform(node, output.order);
      else this.#world.note(node, JSON.stringify(output.event));
    }
  }

  #newMachine(): MemoryTracker {
    this.#starts += 1;
    const rng = this.seat.rng.fork(`start ${this.#starts}`);
    return new MemoryTracker({ rng, config: { ttlMs: this.#ttlMs } });
  }
}
