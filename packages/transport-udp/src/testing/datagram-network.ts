// A network of datagrams in virtual time: delay, jitter, loss, reordering, duplication, corruption, a rate with a queue.
// Everything it does to a datagram is drawn from one seeded generator, so a run repeats exactly.

import { type Address, after, formatAddress, Heap, type Instant, instant, NEVER, type Rng } from '@shoal/machine';

/** What happens to datagrams on their way. Probabilities from 0 to 1. */
export interface PathProfile {
  readonly delayMs: number;
  /** Each datagram takes up to so much longer, so that they overtake one another. */
  readonly jitterMs?: number;
  /** With it the extra delay is the same for all over such a time, and order is kept, as on a radio link. */
  readonly jitterPeriodMs?: number;
  readonly loss?: number;
  /** Losses in bursts (Gilbert and Elliott): chances per datagram to turn bad and good again, and of loss while bad. */
  readonly burst?: { readonly enter: number; readonly leave: number; readonly loss: number };
  /** Nothing passes in the last `forMs` of every `everyMs`. */
  readonly outage?: { readonly everyMs: number; readonly forMs: number };
  /** This share takes `reorderByMs` longer and is overtaken. */
  readonly reorder?: number;
  readonly reorderByMs?: number;
  readonly duplicate?: number;
  /** One bit of the datagram is flipped, as by a device that fixes the checksum up. */
  readonly corrupt?: number;
  /** Larger datagrams vanish without a word. */
  readonly mtuBytes?: number;
  readonly rateBytesPerSecond?: number;
  /** What waits for the rate; more is lost. */
  readonly queueBytes?: number;
}

export interface DatagramArrival {
  readonly to: Address;
  readonly from: Address;
  readonly bytes: Uint8Array;
}

/** What the link from one address is like at the moment. */
interface Link {
  /** When it is free again. */
  freeAt: number;
  bad: boolean;
  jitterMs: number;
  jitterUntil: number;
  /** When the last datagram in order arrives. */
  lastAt: number;
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
  /** By the address it leads away from. */
  readonly #links = new Map<string, Link>();
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
    const { duplicate = 0, corrupt = 0 } = this.profile;
    this.sent += 1;
    if (bytes.length > (this.profile.mtuBytes ?? Number.POSITIVE_INFINITY)) {
      this.lost += 1;
      return;
    }
    const link = this.#linkFrom(from);
    const leavesAt = this.#queue(link, bytes.length, now);
    if (leavesAt === NEVER || this.#loses(link, leavesAt)) {
      this.lost += 1;
      return;
    }
    const copies = this.#rng.chance(duplicate) ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      const copy = bytes.slice();
      if (this.#rng.chance(corrupt)) this.#flipBit(copy);
      const at = this.#arrival(link, leavesAt);
      this.#flying.push({ at, order: this.#order++, from, to, bytes: copy });
    }
  }

  /** When the sender's link has sent it; `NEVER` when the queue is full. */
  #queue(link: Link, bytes: number, now: Instant): Instant {
    const { rateBytesPerSecond, queueBytes = Number.POSITIVE_INFINITY } = this.profile;
    if (rateBytesPerSecond === undefined) return now;
    const bytesPerMs = rateBytesPerSecond / 1_000;
    const free = instant(Math.max(now, link.freeAt));
    if ((free - now) * bytesPerMs + bytes > queueBytes) return NEVER;
    const leavesAt = after(free, bytes / bytesPerMs);
    link.freeAt = leavesAt;
    return leavesAt;
  }

  #loses(link: Link, at: Instant): boolean {
    const { loss = 0, burst, outage } = this.profile;
    if (outage !== undefined && at % outage.everyMs >= outage.everyMs - outage.forMs) return true;
    if (burst !== undefined) {
      if (this.#rng.chance(link.bad ? burst.leave : burst.enter)) link.bad = !link.bad;
      if (link.bad && this.#rng.chance(burst.loss)) return true;
    }
    return this.#rng.chance(loss);
  }

  #arrival(link: Link, leavesAt: Instant): Instant {
    const { delayMs, jitterMs = 0, jitterPeriodMs, reorder = 0, reorderByMs = 0 } = this.profile;
    const held = reorder > 0 && this.#rng.chance(reorder) ? reorderByMs : 0;
    if (jitterPeriodMs === undefined) return after(leavesAt, delayMs + held + this.#rng.float() * jitterMs);
    if (leavesAt >= link.jitterUntil) {
      link.jitterMs = this.#rng.float() * jitterMs;
      link.jitterUntil = leavesAt + jitterPeriodMs;
    }
    link.lastAt = Math.max(link.lastAt, leavesAt + delayMs + link.jitterMs);
    return instant(link.lastAt + held);
  }

  #linkFrom(from: Address): Link {
    const key = formatAddress(from);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { freeAt: 0, bad: false, jitterMs: 0, jitterUntil: 0, lastAt: 0 };
      this.#links.set(key, link);
    }
    return link;
  }

  #flipBit(bytes: Uint8Array): void {
    this.corrupted += 1;
    const at = this.#rng.below(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << this.#rng.below(8));
  }
}
