// Whether the remote is still there: how long nothing has been heard of it, when that means it is gone, and when we say
// something so that NATs and its own timers keep us.

import { after, earliest, type Instant, NEVER } from '@shoal/machine';

/**
 * A silence in the middle of a record: after so long, and twice as long each time, we say something. A remote that lost us
 * when our NAT gave us another port only finds us again by what we send.
 */
const silenceMs = 1_000;

export interface LivenessTimes {
  readonly idleTimeoutMs: number;
  /** 0 for never. */
  readonly keepAliveMs: number;
}

export class Liveness {
  #heardAt: Instant;
  #idleTimeoutMs: number;
  #keepAliveMs = 0;
  #keepAliveAt: Instant = NEVER;
  /** Undefined while no bulk is expected. */
  #silenceMs: number | undefined;

  constructor(idleTimeoutMs: number, now: Instant) {
    this.#heardAt = now;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** The handshake is over: `times` hold from now on. */
  open({ idleTimeoutMs, keepAliveMs }: LivenessTimes, now: Instant): void {
    this.#heardAt = now;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#keepAliveMs = keepAliveMs;
    if (keepAliveMs > 0) this.#keepAliveAt = after(now, keepAliveMs);
  }

  /** An authentic packet came. */
  heard(bulk: boolean, now: Instant): void {
    this.#heardAt = now;
    if (bulk) this.#silenceMs = silenceMs;
  }

  /** True when the remote has to be taken for gone. */
  isOver(now: Instant): boolean {
    return now >= this.#idleAt;
  }

  nextTimeout(): Instant {
    return earliest(this.#idleAt, this.#keepAliveAt, this.#silenceEnds);
  }

  /** True when something should be said now. `midRecord`: the rest of a record is due from the remote. */
  handleTimeout(midRecord: boolean, now: Instant): boolean {
    const silent = this.#breaksSilence(midRecord, now);
    return this.#keepsAlive(now) || silent;
  }

  get #idleAt(): Instant {
    return after(this.#heardAt, this.#idleTimeoutMs);
  }

  get #silenceEnds(): Instant {
    return this.#silenceMs === undefined ? NEVER : after(this.#heardAt, this.#silenceMs);
  }

  #breaksSilence(midRecord: boolean, now: Instant): boolean {
    if (this.#silenceMs === undefined || now < this.#silenceEnds) return false;
    this.#silenceMs = midRecord ? 2 * this.#silenceMs : undefined;
    return midRecord;
  }

  #keepsAlive(now: Instant): boolean {
    if (now < this.#keepAliveAt) return false;
    const quietAt = after(this.#heardAt, this.#keepAliveMs);
    const quiet = now >= quietAt;
    this.#keepAliveAt = quiet ? after(now, this.#keepAliveMs) : quietAt;
    return quiet;
  }
}
