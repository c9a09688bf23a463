import { after, type Instant, instant, type LinkFact, type LinkId, NEVER, seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { type Actor, FluidNetwork, Trace, World } from '../src/index.ts';

const rates = { upBytesPerSecond: Infinity, downBytesPerSecond: Infinity };
const newWorld = (delayMs = 1): World =>
  new World({ rng: seededRng('world'), network: new FluidNetwork({ delayMs }), trace: new Trace() });

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

test('within a window one node does all it has before the next, and what concerns all of them waits for all', () => {
  const world = newWorld(10);
  const calls: { readonly node: number; readonly at: number }[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { node } = world.addSeat(rates);
    const next = (now: Instant): Instant => {
      calls.push({ node, at: now });
      return after(now, 1);
    };
    world.setActor(node, new Ticker(world, next));
  }
  let before = 0;
  world.at(instant(25.5), () => (before = calls.length));
  world.run(() => false, instant(60));
  expect(calls).toHaveLength(3 * 61);
  for (const { at } of calls.slice(0, before)) expect(at).toBeLessThan(25.5);
  for (const { at } of calls.slice(before)) expect(at).toBeGreaterThan(25.5);
  const turns = calls.filter(({ node }, i) => node !== calls[i - 1]?.node);
  expect(turns.length).toBeLessThan(calls.length / 5);
});

/** Says what time it is, again and again, and notes when such words came. */
class Talker implements Actor {
  readonly heard: { readonly saidAt: number; readonly at: number }[] = [];
  readonly #world: World;
  readonly #node: number;
  readonly #everyMs: number;
  readonly #links: LinkId[] = [];
  #at = NEVER;

  constructor(world: World, node: number, everyMs: number) {
    this.#world = world;
    this.#node = node;
    this.#everyMs = everyMs;
  }

  handleFact(fact: LinkFact): void {
    if (fact.type === 'messageReceived')
      this.heard.push({ saidAt: new Float64Array(fact.message.buffer)[0]!, at: this.#world.now });
    if (fact.type !== 'linkOpened') return;
    this.#links.push(fact.link);
    this.#at = this.#world.now;
  }

  handleTimeout(): void {
    const message = new Uint8Array(Float64Array.of(this.#world.now).buffer);
    for (const link of this.#links) this.#world.perform(this.#node, { type: 'sendMessage', link, message });
    this.#at = after(this.#world.now, this.#everyMs);
  }

  nextTimeout(): Instant {
    return this.#at;
  }
}

test('nodes hear one another in order and exactly the delay later, however far each has come', () => {
  const world = newWorld(10);
  const seats = [0.7, 1.3, 30].map((everyMs) => [world.addSeat(rates), everyMs] as const);
  const talkers = seats.map(([{ node }, everyMs]) => {
    const talker = new Talker(world, node, everyMs);
    world.setActor(node, talker);
    return talker;
  });
  const [first, ...others] = seats;
  for (const [dial, [{ node }]] of others.entries())
    world.perform(node, { type: 'dial', dial, address: first![0].address });
  world.run(() => false, instant(500));
  for (const { heard } of talkers) {
    expect(heard.length).toBeGreaterThan(10);
    expect(heard.map(({ at }) => at)).toEqual(heard.map(({ saidAt }) => saidAt + 10));
    expect(heard).toEqual(heard.toSorted((a, b) => a.at - b.at));
  }
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
