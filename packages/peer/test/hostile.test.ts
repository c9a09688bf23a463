import { type LinkId, LinkNumbers, type LinkOrder, type Rng } from '@shoal/machine';
import type { Delivery } from '@shoal/machine/testing';
import { encode, type Message, type SwarmId } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { type Content, type Identity, makeContent, World } from './support/world.ts';

/** Somebody who dials its victims and says whatever comes to its mind, true to form now and then. */
class Babbler {
  readonly identity: Identity;
  readonly #world: World;
  readonly #rng: Rng;
  readonly #swarm: SwarmId;
  readonly #numbers = new LinkNumbers();
  readonly #links = new Set<LinkId>();
  readonly #victims: readonly Identity[];
  closed = 0;

  constructor(world: World, set: Content, victims: readonly Identity[], label: string) {
    this.#world = world;
    this.#rng = world.rng.fork(label);
    this.#swarm = set.document.swarmId;
    this.#victims = victims;
    this.identity = world.addNode({}, (delivery) => this.#handle(delivery));
    this.#babble();
  }

  #babble(): void {
    const victim = this.#rng.pick(this.#victims)!;
    if (this.#rng.chance(0.2)) this.#say({ type: 'dial', dial: this.#numbers.nextDial(), address: victim.address });
    for (const link of this.#links) for (let i = 0; i < 5; i += 1) this.#say(this.#order(link));
    this.#world.later(20, () => this.#babble());
  }

  #handle({ fact }: Delivery): void {
    if (fact.type === 'linkOpened') this.#links.add(fact.link);
    if (fact.type === 'linkClosed') {
      this.#links.delete(fact.link);
      this.closed += 1;
    }
    if (fact.type !== 'requestReceived') return;
    const { link, request } = fact;
    const body = this.#rng.bytes(this.#rng.below(20_000));
    if (this.#rng.chance(0.3)) this.#say({ type: 'refuse', link, request, code: 'notFound' });
    else if (this.#rng.chance(0.9)) this.#say({ type: 'answer', link, request, head: this.#bytes(), body });
  }

  #order(link: LinkId): LinkOrder {
    const request = this.#bytes();
    if (this.#rng.chance(0.5)) return { type: 'sendMessage', link, message: this.#bytes() };
    return { type: 'ask', link, ask: this.#numbers.nextAsk(), request, bodyBytesMax: this.#rng.below(30_000) };
  }

  #bytes(): Uint8Array {
    const bytes = this.#rng.chance(0.05) ? this.#rng.bytes(this.#rng.below(100)) : encode(this.#message());
    if (this.#rng.chance(0.02)) bytes[this.#rng.below(bytes.length)]! ^= 1 << this.#rng.below(8);
    return bytes;
  }

  #message(): Message {
    const swarm = this.#swarm;
    const rng = this.#rng;
    const chunk = rng.below(rng.chance(0.9) ? 50 : 100_000);
    const chunks = Array.from({ length: rng.below(40) }, () => rng.below(rng.chance(0.99) ? 50 : 100_000));
    const address = { host: `10.1.${rng.below(256)}.${rng.below(256)}`, port: 1 + rng.below(65_535) };
    const messages: Message[] = [
      { type: 'hello', agent: 'x', listenPort: address.port },
      { type: 'join', swarm, bits: rng.bytes(rng.chance(0.5) ? 7 : rng.below(30)), offering: false },
      { type: 'join', swarm, bits: new Uint8Array(7).fill(255, 0, 6), offering: false },
      { type: 'part', swarm },
      { type: 'have', swarm, chunks },
      { type: 'interest', swarm, interested: rng.chance(0.5), declined: rng.below(1_025) },
      { type: 'unchoke', swarm, requests: rng.below(1_025) },
      { type: 'peers', swarm, peers: Array.from({ length: rng.below(50) }, () => ({ address })) },
      { type: 'chunkRequest', swarm, chunk },
      { type: 'manifestRequest', swarm, part: rng.below(5) },
      { type: 'chunkReply', chunk, waitedMs: 0, readMs: 0, congestion: 0, receiver: 0 },
      { type: 'manifestReply', part: rng.below(3) },
      { type: 'leave' },
    ];
    return rng.pick(messages)!;
  }

  #say(order: LinkOrder): void {
    this.#world.network.perform(this.identity.node, order, this.#world.now);
  }
}

describe('strangers that talk rubbish', () => {
  test.each([1, 2, 3, 4, 5])('neither break nor stop a swarm (seed %i)', (seed) => {
    const world = new World({ seed: `rubbish ${seed}` });
    const set = makeContent(50 * 10_000, 10_000, world.rng.fork('content'));
    const owner = world.addPeer({ upBytesPerMs: 200 });
    owner.share(set);
    const peers = [world.addPeer({ upBytesPerMs: 200 }), world.addPeer({ upBytesPerMs: 200 })];
    const babblers = [1, 2, 3].map((n) => new Babbler(world, set, [owner, ...peers], `babbler ${n}`));
    for (const peer of peers) peer.get(set, [...babblers.map(({ identity }) => identity), owner]);
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    for (const peer of peers) expect(peer.hasAll(set)).toBe(true);
    const struck = [owner, ...peers].flatMap((peer) => peer.eventsOf('remoteStruck'));
    const strangers = new Set(babblers.map(({ identity }) => identity.peer));
    expect(struck.length).toBeGreaterThan(0);
    expect(struck.filter((event) => !strangers.has(event.peer))).toEqual([]);
  });
});
