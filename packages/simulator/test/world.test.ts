import { after, type Instant, instant, seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { type Actor, FluidNetwork, Trace, World } from '../src/index.ts';

const rates = { upBytesPerSecond: Infinity, downBytesPerSecond: Infinity };
const newWorld = (): World =>
  new World({ rng: seededRng('world'), network: new FluidNetwork({ delayMs: 1 }), trace: new Trace() });

/** Wants to be called at the moments that `next` gives. */
class Ticker implements Actor {
  readonly ticks: Instant[] = [];
  readonly #world: World;
  readonly #next: (now: Instant) => Instant;
  #at: Instant;

  constructor(world: World, next: (now: Instant) => Instant) {
    this.#world = world;
    this.#next = next;
    this.#at = next(world.now);
  }

  handleFact(): void {}

  handleTimeout(): void {
    this.ticks.push(this.#world.now);
    this.#at = this.#next(this.#world.now);
  }

  nextTimeout(): Instant {
    return this.#at;
  }
}

test('time goes from event to event, and what is planned happens in between', () => {
  const world = newWorld();
  const { node } = world.addSeat(rates);
  const ticker = new Ticker(world, (now) => after(now, 10));
  world.setActor(node, ticker);
  const planned: Instant[] = [];
  world.at(instant(25), () => planned.push(world.now));
  expect(world.run(() => false, instant(45))).toBe(false);
  expect(ticker.ticks).toEqual([10, 20, 30, 40]);
  expect(planned).toEqual([25]);
  world.stopNode(node);
  expect(world.run(() => false, instant(100))).toBe(false);
  expect(ticker.ticks).toHaveLength(4);
});

test('a machine that wants to be called for ever at the same moment is found out', () => {
  const world = newWorld();
  const { node } = world.addSeat(rates);
  world.setActor(node, new Ticker(world, (now) => now));
  expect(() => world.run(() => false, instant(1))).toThrow('time passes');
});

test('the same seats have the same identities in every run, and different ones within it', () => {
  const [one, other] = [newWorld(), newWorld()];
  const peers = [one, one, other, other].map((world) => world.addSeat(rates).peer);
  expect(peers.slice(0, 2)).toEqual(peers.slice(2));
  expect(peers[0]).not.toBe(peers[1]);
});

test('a trace tells lines, their order and their boundaries apart', () => {
  const hashes = [
    hashOf(),
    hashOf('a'),
    hashOf('b'),
    hashOf('a', 'b'),
    hashOf('b', 'a'),
    hashOf('ab'),
    hashOf('a', ''),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hashOf('a', 'b')).toBe(hashOf('a', 'b'));
  expect(hashOf('x')).toMatch(/^[0-9a-f]{16}$/);
});

function hashOf(...lines: string[]): string {
  const trace = new Trace();
  for (const line of lines) trace.note(instant(1), 2, line);
  return trace.hash;
}
