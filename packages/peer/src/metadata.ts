// Gets the manifest of a swarm that was joined by its id alone. All parts of one try come from one remote, so that a
// document that does not match the swarm names its sender; when that remote goes or is silent, the next one is tried.

import { type AskId, after, type Instant, NEVER } from '@shoal/machine';
import { manifestBytesMax, type PeerReply, type SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';
import type { Remote } from './remote.ts';

export const manifestPartBytes: number = 256 * 1024; // the largest body of one answer
const partsInFlightMax = 4;
const patienceMs = 5_000; // a remote that sends no part for so long is left for the next
const restMs = 1_000; // before all remotes are tried anew

/** A document being put together. */
interface Attempt {
  readonly remote: Remote;
  document: Uint8Array | undefined;
  /** Offset of the first part nobody is asked for. */
  nextOffset: number;
  missingBytes: number;
  readonly asks: Map<AskId, number>;
}

export class Metadata {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #complete: (document: Uint8Array, from: Remote) => void;
  /** Whom to try, the next one first. */
  readonly #remotes = new Set<Remote>();
  /** Tried since the last rest. */
  readonly #tried = new Set<Remote>();
  #attempt: Attempt | undefined;
  /** A whole document is being checked: no other is wanted, unless that one is wrong. */
  #isHeld = false;
  #wakeAt: Instant = NEVER;

  /** `complete` is told each document that is whole; whether it is right is checked elsewhere. */
  constructor(swarm: SwarmId, host: SwarmHost, complete: (document: Uint8Array, from: Remote) => void) {
    this.#swarm = swarm;
    this.#host = host;
    this.#complete = complete;
  }

  /** A remote has come, or has learned the manifest itself. */
  remoteJoined(remote: Remote, now: Instant): void {
    this.#remotes.add(remote);
    if (remote.knowsManifest) this.#tried.delete(remote);
    this.#proceed(now);
  }

  remoteLeft(remote: Remote, now: Instant): void {
    this.#remotes.delete(remote);
    this.#tried.delete(remote);
    if (this.#attempt?.remote === remote) this.#attempt = undefined;
    this.#proceed(now);
  }

  /** A document is there, from here or elsewhere. */
  hold(): void {
    this.#isHeld = true;
    this.#wakeAt = NEVER;
  }

  /** The document was wrong: the others are tried. */
  refused(now: Instant): void {
    this.#isHeld = false;
    this.#proceed(now);
  }

  /** True when the ask was one of ours. */
  handleAnswer(ask: AskId, reply: PeerReply | undefined, body: Uint8Array, now: Instant): boolean {
    const attempt = this.#attempt;
    const offset = attempt?.asks.get(ask);
    if (attempt === undefined || offset === undefined) return false;
    attempt.asks.delete(ask);
    if (reply?.type !== 'manifestReply' || !this.#accept(attempt, offset, reply.totalBytes, body)) {
      this.#host.accuse(attempt.remote.peer, 'badReply');
      this.#giveUp(now);
    } else if (attempt.missingBytes === 0) {
      this.#attempt = undefined;
      this.#complete(attempt.document!, attempt.remote);
    } else {
      this.#askParts(attempt);
      this.#wakeAt = after(now, patienceMs);
    }
    return true;
  }

  /** True when the ask was one of ours. */
  handleAskFailed(ask: AskId, now: Instant): boolean {
    if (this.#attempt?.asks.delete(ask) !== true) return false;
    this.#giveUp(now);
    return true;
  }

  nextTimeout(): Instant {
    return this.#wakeAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#wakeAt) return;
    this.#wakeAt = NEVER;
    if (this.#attempt === undefined) this.#tried.clear();
    this.#giveUp(now);
  }

  /** The next remote, if one is there that was not tried; otherwise all again after a rest. */
  #proceed(now: Instant): void {
    if (this.#attempt !== undefined || this.#isHeld) return;
    for (const remote of this.#remotes) {
      if (this.#tried.has(remote)) continue;
      this.#tried.add(remote);
      this.#attempt = { remote, document: undefined, nextOffset: 0, missingBytes: 0, asks: new Map() };
      this.#askPart(this.#attempt, 0);
      this.#wakeAt = after(now, patienceMs);
      return;
    }
    if (this.#remotes.size > 0) this.#wakeAt = after(now, restMs);
  }

  #giveUp(now: Instant): void {
    const attempt = this.#attempt;
    if (attempt !== undefined) for (const ask of attempt.asks.keys()) this.#host.cancel(attempt.remote.link, ask);
    this.#attempt = undefined;
    this.#proceed(now);
  }

  /** Puts a part in its place; false when it cannot be one. */
  #accept(attempt: Attempt, offset: number, totalBytes: number, body: Uint8Array): boolean {
    if (attempt.document === undefined) {
      if (totalBytes === 0 || totalBytes > manifestBytesMax) return false;
      attempt.document = new Uint8Array(totalBytes);
      attempt.missingBytes = totalBytes;
      attempt.nextOffset = manifestPartBytes;
    }
    const { document } = attempt;
    if (totalBytes !== document.length) return false;
    if (body.length !== Math.min(manifestPartBytes, document.length - offset)) return false;
    document.set(body, offset);
    attempt.missingBytes -= body.length;
    return true;
  }

  #askParts(attempt: Attempt): void {
    const end = attempt.document?.length ?? 0;
    for (; attempt.nextOffset < end && attempt.asks.size < partsInFlightMax; attempt.nextOffset += manifestPartBytes)
      this.#askPart(attempt, attempt.nextOffset);
  }

  #askPart(attempt: Attempt, offset: number): void {
    const request = { type: 'manifestRequest', swarm: this.#swarm, offset } as const;
    attempt.asks.set(this.#host.ask(this.#swarm, attempt.remote.link, request, manifestPartBytes), offset);
  }
}
