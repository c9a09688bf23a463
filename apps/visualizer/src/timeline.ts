// Where in a reel we are, and whether and how fast we go on. It knows no clock: it is told how much time has passed.

import type { Reel } from './reel.ts';

const followLagMs = 400; // behind the newest, so that what is on its way is known by then
const followJumpMs = 2_000; // farther behind than this it jumps

export class Timeline {
  readonly reel: Reel;
  isPlaying = false;
  /** Swarm time over real time. */
  speed = 1;
  #positionMs = 0;
  #stopsAtMs = Infinity;
  #isFollowing = false;

  constructor(reel: Reel) {
    this.reel = reel;
  }

  get positionMs(): number {
    return this.#positionMs;
  }

  /** Whether it keeps to the newest of a reel that grows. */
  get isFollowing(): boolean {
    return this.#isFollowing && this.isPlaying;
  }

  get isAtEnd(): boolean {
    return this.reel.isComplete && this.#positionMs >= this.reel.endMs;
  }

  /** Goes on, from the beginning when it is at the end; until that moment, if one is given. */
  play(untilMs: number = Infinity): void {
    if (this.isAtEnd) this.#positionMs = 0;
    this.#stopsAtMs = untilMs;
    this.isPlaying = true;
  }

  /** Keeps to the newest. */
  follow(): void {
    this.#positionMs = Math.max(0, this.reel.endMs - followLagMs);
    this.#isFollowing = true;
    this.play();
  }

  pause(): void {
    this.isPlaying = false;
    this.#isFollowing = false;
  }

  seek(ms: number): void {
    this.#isFollowing = false;
    this.#stopsAtMs = Infinity;
    this.#positionMs = Math.min(Math.max(0, ms), this.reel.endMs);
  }

  /** So much real time has passed. Waits where nothing is known yet. */
  tick(elapsedMs: number): void {
    if (!this.isPlaying) return;
    const endMs = Math.min(this.#stopsAtMs, this.reel.endMs);
    const speed = this.#isFollowing ? 1 : this.speed;
    this.#positionMs = Math.min(this.#positionMs + elapsedMs * speed, Math.max(endMs, this.#positionMs));
    const behindMs = this.reel.endMs - this.#positionMs;
    if (this.#isFollowing && behindMs > followJumpMs) this.#positionMs = this.reel.endMs - followLagMs;
    if (this.#positionMs >= this.#stopsAtMs || this.isAtEnd) this.pause();
  }
}
