// A network of datagrams in virtual time: delay, jitter, loss, reordering, duplication, corruption, a rate with a queue.
// Everything it does to a datagram is drawn from one seeded generator, so a run repeats exactly.

import { type Address, after, formatAddress, Heap, type Instant, NEVER, type Rng } from '@shoal/machine';

/** What happens to datagrams on their way. Probabilities from 0 to 1. */
export interface PathProfile {
  readonly delayMs: number;
  /** Each datagram takes up to so much longer, so that they overtake one another. */
  readonly jitterMs?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  /** One bit of the datagram is flipped, as by a device that fixes the checksum up. */
  readonly corrupt?: number;
  readonly rateBytesPerSecond?: number;
  /** What waits for the rate; more is lost. */
  readonly queueBytes?: number;
}

export interface DatagramArrival {
  readonly to: Address;
  readonly from: Address;
  readonly bytes: Uint8Array;
}

interface Flying extends DatagramArrival {
  readonly at: Instant;
  readonly order: number;
}

export class DatagramNetwork {
  /** May be changed while it runs. */
  profile: PathProfile;
  /** Somebody on the path: answers what arrives instead of each datagram (itself, changed, others, nothing). */
  interfere: ((datagram: DatagramArrival) => readonly DatagramArrival[]) | undefined;
  readonly #rng: Rng;
  readonly #flying = new Heap<Flying>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  /** When the link from each address is free again. */
  readonly #freeAt = new Map<string, Instant>();
  #order = 0;
  sent = 0;
  lost = 0;
  corrupted = 0;

  constructor(profile: PathProfile, rng: Rng) {
    this.profile = profile;
    this.#rng = rng;
  }

  /** Sends a copy of `bytes`. */
  send(from: Address, to: Address, bytes: Uint8Array, now: Instant): void {
    const datagram = { from, to, bytes: bytes.slice() };
    for (const passed of this.interfere?.(datagram) ?? [datagram]) this.#carry(passed, now);
  }

  /** When the next datagram arrives. */
  nextArrival(): Instant {
    return this.#flying.peek()?.at ?? NEVER;
  }

  /** The next datagram that has arrived by `now`. */
  receive(now: Instant): DatagramArrival | undefined {
    return this.nextArrival() <= now ? this.#flying.pop() : undefined;
  }

  #carry({ from, to, bytes }: DatagramArrival, now: Instant): void {
    const { loss = 0, duplicate = 0, corrupt = 0 } = this.profile;
    this.sent += 1;
    const leavesAt = this.#queue(from, bytes.length, now);
    if (leavesAt === NEVER || this.#rng.chance(loss)) {
      this.lost += 1;
      return;
    }
    const copies = this.#rng.chance(duplicate) ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      const copy = bytes.slice();
      if (this.#rng.chance(corrupt)) this.#flipBit(copy);
      const at = after(leavesAt, this.profile.delayMs + this.#rng.float() * (this.profile.jitterMs ?? 0));
      this.#flying.push({ at, order: this.#order++, from, to, bytes: copy });
    }
  }

  /** When the sender's link has sent it; `NEVER` when the queue is full. */
  #queue(from: Address, bytes: number, now: Instant): Instant {
    const { rateBytesPerSecond, queueBytes = Number.POSITIVE_INFINITY } = this.profile;
    if (rateBytesPerSecond === undefined) return now;
    const key = formatAddress(from);
    const bytesPerMs = rateBytesPerSecond / 1_000;
    const free = Math.max(now, this.#freeAt.get(key) ?? now) as Instant;
    if ((free - now) * bytesPerMs + bytes > queueBytes) return NEVER;
    const leavesAt = after(free, bytes / bytesPerMs);
    this.#freeAt.set(key, leavesAt);
    return leavesAt;
  }

  #flipBit(bytes: Uint8Array): void {
    this.corrupted += 1;
    const at = this.#rng.below(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << this.#rng.below(8));
  }
}
