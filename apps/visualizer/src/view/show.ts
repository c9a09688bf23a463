// One reel being shown: the clock of the screen drives its timeline, whoever draws is called once a frame, and only when
// something has changed. What is told in words lives in signals.

import { type Signal, signal } from '@preact/signals';
import { Timeline } from '../timeline.ts';
import type { Picture } from '../picture.ts';
import type { Reel } from '../reel.ts';

/** What the words around the picture tell. */
export interface Moment {
  readonly ms: number;
  readonly endMs: number;
  readonly isPlaying: boolean;
  readonly isComplete: boolean;
}

export interface Frame {
  readonly ms: number;
  readonly picture: Picture;
  readonly reel: Reel;
  readonly selected: number | undefined;
}

declare global {
  // The show on the page, for whoever looks into it: its tests, its bench, the console.
  var shoalShow: Show;
}

type Draw = (frame: Frame) => void;

const longestFrameMs = 100; // a page that was hidden does not leap
const tellStepMs = 200;

export class Show {
  readonly timeline: Timeline;
  readonly moment: Signal<Moment>;
  /** Where we are, as often as words can be read. */
  readonly told: Signal<number> = signal(0);
  /** The peer that is looked at. */
  readonly selected: Signal<number | undefined> = signal(undefined);
  readonly #draws = new Set<Draw>();
  #request = 0;
  #lastAt: number | undefined;
  #toldAt = 0;
  #drawn = '';

  constructor(reel: Reel) {
    this.timeline = new Timeline(reel);
    this.moment = signal(this.#now());
  }

  get reel(): Reel {
    return this.timeline.reel;
  }

  start(): void {
    globalThis.shoalShow = this;
    this.#request = requestAnimationFrame(this.#turn);
  }

  stop(): void {
    cancelAnimationFrame(this.#request);
    this.#lastAt = undefined;
  }

  /** Calls `draw` in every frame in which something is new, until the answer is called. */
  onFrame(draw: Draw): () => void {
    this.#draws.add(draw);
    this.redraw();
    return () => this.#draws.delete(draw);
  }

  /** Something else than the swarm has changed: the size, the colours. */
  redraw(): void {
    this.#drawn = '';
  }

  readonly #turn = (at: number): void => {
    this.#request = requestAnimationFrame(this.#turn);
    this.timeline.tick(Math.min(longestFrameMs, at - (this.#lastAt ?? at)));
    this.#lastAt = at;
    const now = this.#now();
    const last = this.moment.peek();
    if (!isSame(now, last)) this.moment.value = now;
    if (!now.isPlaying || at - this.#toldAt >= tellStepMs) {
      this.#toldAt = at;
      this.told.value = now.ms;
    }
    const selected = this.selected.peek();
    const state = `${now.ms} ${this.reel.happenings.length} ${selected}`;
    if (state === this.#drawn) return;
    this.#drawn = state;
    const frame = { ms: now.ms, picture: this.reel.pictureAt(now.ms), reel: this.reel, selected };
    for (const draw of this.#draws) draw(frame);
  };

  #now(): Moment {
    const { positionMs: ms, isPlaying, reel } = this.timeline;
    return { ms, endMs: reel.endMs, isPlaying, isComplete: reel.isComplete };
  }
}

const isSame = (a: Moment, b: Moment): boolean =>
  a.ms === b.ms && a.endMs === b.endMs && a.isPlaying === b.isPlaying && a.isComplete === b.isComplete;
