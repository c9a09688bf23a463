// A stranger who dials everybody and says whatever comes to its mind, true to form now and then: rubbish, messages that lie,
// questions that nobody may ask, peers that do not exist. It sends no chunk that is right, and is nobody's friend.

import { after, type Instant, type LinkFact, type LinkId, LinkNumbers, type LinkOrder, NEVER } from '@shoal/machine';
import { encode, type PeerMessage, type SwarmId } from '@shoal/wire';
import type { Actor, Seat, World } from './world.ts';

export interface BabblerOptions {
  readonly swarm: SwarmId;
  readonly chunkCount: number;
  readonly victims: readonly Seat[];
  /** Then it falls silent and closes its links. */
  readonly untilMs: number;
}

const everyMs = 100;
const unlimited = { upBytesPerSecond: Infinity, downBytesPerSecond: Infinity };

export class Babbler implements Actor {
  readonly seat: Seat;
  readonly #world: World;
  readonly #options: BabblerOptions;
  readonly #numbers = new LinkNumbers();
  readonly #links = new Set<LinkId>();
  #at: Instant;

  constructor(world: World, options: BabblerOptions) {
    this.#world = world;
    this.#options = options;
    this.#at = after(world.now, everyMs);
    this.seat = world.addSeat(unlimited);
    world.setActor(this.seat.node, this);
  }

  handleFact(fact: LinkFact): void {
    const { rng } = this.seat;
    if (fact.type === 'linkOpened') this.#links.add(fact.link);
    else if (fact.type === 'linkClosed') this.#links.delete(fact.link);
    else if (fact.type === 'requestReceived') {
      const { link, request } = fact;
      const body = rng.bytes(rng.below(50_000));
      if (rng.chance(0.5)) this.#say({ type: 'answer', link, request, head: this.#bytes(), body });
      else this.#say({ type: 'refuse', link, request, code: 'notFound' });
    }
  }

  handleTimeout(): void {
    if (this.#world.now >= this.#options.untilMs) return this.#fallSilent();
    this.#at = after(this.#world.now, everyMs);
    const { rng } = this.seat;
    const { address } = rng.pick(this.#options.victims)!;
    if (rng.chance(0.3)) this.#say({ type: 'dial', dial: this.#numbers.nextDial(), address });
    for (const link of this.#links) for (let i = rng.below(5); i > 0; i -= 1) this.#say(this.#order(link));
  }

  nextTimeout(): Instant {
    return this.#at;
  }

  #fallSilent(): void {
    this.#at = NEVER;
    for (const link of this.#links) this.#say({ type: 'closeLink', link, code: 'done' });
    this.#links.clear();
  }

  #order(link: LinkId): LinkOrder {
    const { rng } = this.seat;
    if (rng.chance(0.6)) return { type: 'sendMessage', link, message: this.#bytes() };
    const { swarm } = this.#options;
    const request = rng.chance(0.5)
      ? encode({ type: 'chunkRequest', swarm, chunk: this.#chunk() })
      : encode({ type: 'manifestRequest', swarm, part: rng.below(4) });
    return { type: 'ask', link, ask: this.#numbers.nextAsk(), request, bodyBytesMax: rng.below(100_000) };
  }

  #bytes(): Uint8Array {
    const { rng } = this.seat;
    if (rng.chance(0.1)) return rng.bytes(rng.below(200));
    const bytes = encode(
      rng.chance(0.1)
        ? { type: 'chunkReply', chunk: this.#chunk(), waitedMs: 0, readMs: 0, congestion: 0, receiver: 0 }
        : this.#message(),
    );
    if (rng.chance(0.1)) bytes[rng.below(bytes.length)]! ^= 1 << rng.below(8);
    return bytes;
  }

  #message(): PeerMessage {
    const { rng } = this.seat;
    const { swarm, chunkCount } = this.#options;
    const messages: PeerMessage[] = [
      { type: 'hello', agent: 'babbler' },
      { type: 'join', swarm, bits: rng.bytes(Math.ceil(chunkCount / 8)), offering: rng.chance(0.2) },
      { type: 'part', swarm },
      { type: 'have', swarm, chunks: [this.#chunk(), this.#chunk()] },
      { type: 'lost', swarm, chunks: [this.#chunk()] },
      { type: 'interest', swarm, interested: rng.chance(0.5), declined: rng.below(10) },
      { type: 'unchoke', swarm, requests: 1 + rng.below(50) },
      { type: 'peers', swarm, peers: [{ address: { host: `10.99.0.${1 + rng.below(250)}`, port: 4_000 } }] },
    ];
    return rng.pick(messages)!;
  }

  /** One of the content's, mostly. */
  #chunk(): number {
    return this.seat.rng.below(this.#options.chunkCount + 2);
  }

  #say(order: LinkOrder): void {
    this.#world.perform(this.seat.node, order);
  }
}
