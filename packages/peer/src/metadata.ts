// Gets the manifest of a swarm that was joined by its id alone. Its parts are asked of one remote at a time; each is
// checked when it comes, so a wrong one names its sender, and when a remote goes or is silent the next one is asked for
// what is missing.

import {
  type Decoded,
  ManifestAssembly,
  type ManifestDocument,
  manifestPartBytesMax,
  type ManifestProblem,
} from '@shoal/chunker';
import { type AskId, after, type Instant, NEVER } from '@shoal/machine';
import type { PeerReply, SwarmId } from '@shoal/wire';
import type { SwarmHost } from './host.ts';
import type { Remote } from './remote.ts';

const partsInFlightMax = 8; // as many as a remote answers at once
const patienceMs = 5_000; // a remote that sends no part for so long is left for the next
const restMs = 1_000; // before all remotes are tried anew

/** Told the manifest when all of it is there, with the size of its parts and who sent the last one. */
type Complete = (manifest: Decoded<ManifestDocument, ManifestProblem>, bytes: number, from: Remote) => void;

/** One remote being asked. */
interface Attempt {
  readonly remote: Remote;
  /** The parts under way. */
  readonly asks: Map<AskId, number>;
}

export class Metadata {
  readonly #swarm: SwarmId;
  readonly #host: SwarmHost;
  readonly #complete: Complete;
  /** Whom to try, the next one first. */
  readonly #remotes = new Set<Remote>();
  /** Tried since the last rest. */
  readonly #tried = new Set<Remote>();
  #attempt: Attempt | undefined;
  /** What has come so far; undefined when the manifest is there. */
  #assembly: ManifestAssembly | undefined;
  #wakeAt: Instant = NEVER;

  constructor(swarm: SwarmId, host: SwarmHost, complete: Complete) {
    this.#swarm = swarm;
    this.#host = host;
    this.#complete = complete;
    this.#assembly = new ManifestAssembly(swarm, host.hashes);
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

  /** The manifest is there, from here or elsewhere. */
  hold(): void {
    this.#assembly = undefined;
    this.#wakeAt = NEVER;
  }

  /** True when the ask was one of ours. */
  handleAnswer(ask: AskId, reply: PeerReply | undefined, body: Uint8Array, now: Instant): boolean {
    const [attempt, assembly] = [this.#attempt, this.#assembly];
    const part = attempt?.asks.get(ask);
    if (attempt === undefined || assembly === undefined || part === undefined) return false;
    attempt.asks.delete(ask);
    if (reply?.type !== 'manifestReply' || reply.part !== part) this.#accuse(attempt, 'badReply', now);
    else if (!assembly.take(part, body)) this.#accuse(attempt, 'badManifest', now);
    else if (assembly.missing.size === 0) {
      this.#attempt = undefined;
      this.hold();
      this.#complete(assembly.document(), assembly.bytes, attempt.remote);
    } else {
      this.#askParts(attempt, assembly);
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
    if (this.#attempt !== undefined || this.#assembly === undefined) return;
    const untried = Array.from(this.#remotes).filter((remote) => !this.#tried.has(remote));
    // Anybody may join; who says which chunks it holds has the manifest, or lies.
    const remote = untried.find(({ knowsManifest }) => knowsManifest) ?? untried[0];
    if (remote !== undefined) {
      this.#tried.add(remote);
      this.#attempt = { remote, asks: new Map() };
      this.#askParts(this.#attempt, this.#assembly);
      this.#wakeAt = after(now, patienceMs);
    } else if (this.#remotes.size > 0) this.#wakeAt = after(now, restMs);
  }

  #accuse(attempt: Attempt, offence: 'badReply' | 'badManifest', now: Instant): void {
    this.#host.accuse(attempt.remote.peer, offence);
    this.#giveUp(now);
  }

  #giveUp(now: Instant): void {
    const attempt = this.#attempt;
    if (attempt !== undefined) for (const ask of attempt.asks.keys()) this.#host.cancel(attempt.remote.link, ask);
    this.#attempt = undefined;
    this.#proceed(now);
  }

  #askParts({ remote, asks }: Attempt, { missing }: ManifestAssembly): void {
    const underWay = new Set(asks.values());
    for (const part of missing) {
      if (asks.size >= partsInFlightMax) return;
      if (underWay.has(part)) continue;
      const request = { type: 'manifestRequest', swarm: this.#swarm, part } as const;
      asks.set(this.#host.ask(this.#swarm, remote.link, request, manifestPartBytesMax), part);
    }
  }
}
