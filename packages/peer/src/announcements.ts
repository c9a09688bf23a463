// What the remotes of a swarm are told of our chunks: what was stored, to whoever lacks it, and what was lost, to all.

import { after, type Bitfield, earliest, type Instant, NEVER } from '@shoal/machine';
import type { PeerMessage, SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';
import { chunkMessages, News } from './news.ts';
import type { Remote } from './remote.ts';

const readAgainMs = 5_000; // how long a disk that could not read is left alone

export interface AnnouncementsOptions {
  readonly swarm: SwarmId;
  readonly host: SwarmHost;
  readonly held: Bitfield;
  readonly remotes: Iterable<Remote>;
}

export class Announcements {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #held: Bitfield;
  readonly #remotes: Iterable<Remote>;
  readonly #stored = new News((chunks) => this.#tellStored(chunks));
  readonly #lost = new News((chunks) => this.#tellLost(chunks));
  readonly #unread = new Set<number>();
  #readAgainAt: Instant = NEVER;

  constructor({ swarm, host, held, remotes }: AnnouncementsOptions) {
    this.#swarm = swarm;
    this.#host = host;
    this.#held = held;
    this.#remotes = remotes;
  }

  /** At once when it is the `last`. */
  stored(chunk: number, last: boolean, now: Instant): void {
    this.#stored.add(chunk, last, now);
  }

  lost(chunk: number, now: Instant): void {
    this.#lost.add(chunk, false, now);
  }

  /** It is held, but could not be read this time: whoever was refused may ask again later. */
  unread(chunk: number, now: Instant): void {
    if (this.#unread.size === 0) this.#readAgainAt = after(now, readAgainMs);
    this.#unread.add(chunk);
  }

  /** The remote has lost chunks; while it had them it was not told that we have them. */
  answerLost(remote: Remote, chunks: readonly number[]): void {
    const there = chunks.filter((chunk) => this.#held.has(chunk));
    this.#send(remote, chunkMessages('have', this.#swarm, there));
  }

  nextTimeout(): Instant {
    return earliest(this.#stored.nextTimeout(), this.#lost.nextTimeout(), this.#readAgainAt);
  }

  handleTimeout(now: Instant): void {
    this.#stored.handleTimeout(now);
    this.#lost.handleTimeout(now);
    if (now < this.#readAgainAt) return;
    const chunks = Array.from(this.#unread).filter((chunk) => this.#held.has(chunk));
    this.#unread.clear();
    this.#readAgainAt = NEVER;
    this.#tellStored(chunks);
  }

  /** To whoever lacks it, and to an owner, which watches its copies spread. Who hears the same is sent the same message. */
  #tellStored(chunks: readonly number[]): void {
    const all = chunkMessages('have', this.#swarm, chunks);
    for (const remote of this.#remotes) {
      if (!remote.knowsOurs) continue;
      const lacks = (chunk: number): boolean => !remote.has(chunk);
      if (remote.isOffering || chunks.every(lacks)) this.#send(remote, all);
      else this.#send(remote, chunkMessages('have', this.#swarm, chunks.filter(lacks)));
    }
    this.#host.chunksHeld(this.#swarm, chunks);
  }

  /** Those that have not come again meanwhile. */
  #tellLost(chunks: readonly number[]): void {
    const missing = chunks.filter((chunk) => !this.#held.has(chunk));
    const messages = chunkMessages('lost', this.#swarm, missing);
    for (const remote of this.#remotes) if (remote.knowsOurs) this.#send(remote, messages);
  }

  #send({ link }: Remote, messages: readonly PeerMessage[]): void {
    for (const message of messages) this.#host.send(link, message);
  }
}
