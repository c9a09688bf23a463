// What the time of a transfer went to. At every moment one thing holds it up; the time between two events is put down to
// what did so between them, so the shares add up to the elapsed time.

import { type Instant, msBetween } from '@shoal/machine';
import type { WaitReason } from './events.ts';

/** What holds a transfer up. */
export type Holdup =
  | WaitReason
  /** Remotes have what we want, and none lets us ask for it. */
  | 'choked'
  /** A sender served others first, or kept to its rate limit. */
  | 'sender'
  /** A sender read and verified the chunk. */
  | 'senderDisk'
  /** A sender's congestion window, or the pace that follows from it: the line here takes no more. */
  | 'congestion'
  /** Our receive window: we did not take in what came as fast as it could. */
  | 'receiver'
  /** Our own system threw away what came, for want of room, while bytes were under way. */
  | 'kernelDrops'
  /** Requests and bytes were under way, and nothing held them back. */
  | 'path'
  /** We stood still to verify a chunk. */
  | 'hashing'
  /** Our own store wrote, or was full. */
  | 'disk'
  /** Our own limit on what we receive. */
  | 'rateLimit';

/** How an answer spent the time from its request until it was there. */
export interface AnswerTimes {
  readonly totalMs: number;
  readonly senderMs: number;
  readonly senderDiskMs: number;
  /** Parts of the rest, as the sender knows them of its last answer to us, from 0 to 1. */
  readonly congestion: number;
  readonly receiver: number;
  /** Datagrams that our system has thrown away so far, if that was looked at. */
  readonly kernelDrops?: number | undefined;
}

export type HoldupShares = { readonly [name in Holdup]?: number };

export class TimeShares {
  readonly #ms = new Map<Holdup, number>();
  /** What answers spent on their way, until it is looked whether our system threw anything away meanwhile. */
  readonly #way = { congestion: 0, path: 0 };
  #kernelDrops: number | undefined;
  #since: Instant;
  /** Time in which answers were awaited, until one of them tells what it went to. */
  #awaitedMs = 0;

  constructor(now: Instant) {
    this.#since = now;
  }

  /** `holdup` is what has held it up since the last call; `answers` when it waited for answers to requests. */
  account(holdup: Holdup | 'answers', now: Instant): void {
    const ms = msBetween(this.#since, now);
    if (ms <= 0) return;
    this.#since = now;
    if (holdup === 'answers') this.#awaitedMs += ms;
    else this.#add(holdup, ms);
  }

  /** An answer came: what was awaited until now is put down to what the answer spent its time on. */
  answered({ totalMs, senderMs, senderDiskMs, congestion, receiver, kernelDrops }: AnswerTimes): void {
    const sender = share(senderMs, totalMs);
    const disk = Math.min(share(senderDiskMs, totalMs), 1 - sender);
    const under = 1 - sender - disk;
    const held = Math.min(receiver, 1 - congestion);
    this.#add('sender', sender * this.#awaitedMs);
    this.#add('senderDisk', disk * this.#awaitedMs);
    this.#add('receiver', under * held * this.#awaitedMs);
    this.#way.congestion += under * congestion * this.#awaitedMs;
    this.#way.path += under * (1 - congestion - held) * this.#awaitedMs;
    this.#awaitedMs = 0;
    if (kernelDrops !== undefined) this.#lookedForDrops(kernelDrops);
  }

  /** Of the time in which answers were awaited so much went to verifying what had come. */
  hashed(ms: number): void {
    const hashing = Math.min(Math.max(0, ms), this.#awaitedMs);
    this.#awaitedMs -= hashing;
    this.#add('hashing', hashing);
  }

  /** Milliseconds, of what took any. Their sum is the time accounted for. */
  report(): HoldupShares {
    const ms = new Map(this.#ms);
    add(ms, 'congestion', this.#way.congestion);
    add(ms, 'path', this.#way.path + this.#awaitedMs);
    return Object.fromEntries(ms);
  }

  /** What is thrown away has to come again, and the sender takes it for a sign of a full line: both are the drops' fault. */
  #lookedForDrops(kernelDrops: number): void {
    const dropped = kernelDrops > (this.#kernelDrops ?? kernelDrops);
    this.#kernelDrops = kernelDrops;
    for (const holdup of ['congestion', 'path'] as const) {
      this.#add(dropped ? 'kernelDrops' : holdup, this.#way[holdup]);
      this.#way[holdup] = 0;
    }
  }

  #add(holdup: Holdup, ms: number): void {
    add(this.#ms, holdup, ms);
  }
}

function add(shares: Map<Holdup, number>, holdup: Holdup, ms: number): void {
  if (ms > 0) shares.set(holdup, (shares.get(holdup) ?? 0) + ms);
}

/** What a remote says of itself may be anything: never more than there was. */
const share = (ms: number, totalMs: number): number => (totalMs > 0 ? Math.min(1, ms / totalMs) : 0);
