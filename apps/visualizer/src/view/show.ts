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

/** Somebody who draws. */
interface Drawer {
  readonly draw: (frame: Frame) => void;
  readonly stepMs: (frame: Frame) => number;
  drawnAt: number;
  isStale: boolean;
}

const longestFrameMs = 100; // a page that was hidden does not leap
const momentStepMs = 50;
const wordsStepMs = 200;

export class Show {
  readonly timeline: Timeline;
  readonly moment: Signal<Moment>;
  /** Where we are, as often as words can be read. */
  readonly told: Signal<number> = signal(0);
  /** The peer that is looked at. */
  readonly selected: Signal<number | undefined> = signal(undefined);
  readonly #drawers = new Set<Drawer>();
  #request = 0;
  #lastAt: number | undefined;
  #state = '';

  constructor(reel: Reel) {
    this.timeline = new Timeline(reel);
    this.moment = signal(this.#now());
    this.onFrame(() => (this.moment.value = this.#now()), momentStepMs);
    this.onFrame(({ ms }) => (this.told.value = ms), wordsStepMs);
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

  /**
   * Calls `draw` in every frame in which something is new, or no more often than every `stepMs` while it plays, until the
   * answer is called.
   */
  onFrame(draw: (frame: Frame) => void, stepMs: number | ((frame: Frame) => number) = 0): () => void {
    const drawer = {
      draw,
      stepMs: typeof stepMs === 'number' ? (): number => stepMs : stepMs,
      drawnAt: Number.NEGATIVE_INFINITY,
      isStale: true,
    };
    this.#drawers.add(drawer);
    return () => this.#drawers.delete(drawer);
  }

  /** Something else than the swarm has changed: the size, the colours. */
  redraw(): void {
    this.#state = '';
  }

  readonly #turn = (at: number): void => {
    this.#request = requestAnimationFrame(this.#turn);
    this.timeline.tick(Math.min(longestFrameMs, at - (this.#lastAt ?? at)));
    this.#lastAt = at;
    const { ms, isPlaying, isComplete } = this.#now();
    const selected = this.selected.peek();
    const state = `${ms} ${this.reel.happenings.length} ${this.reel.endMs} ${isPlaying} ${isComplete} ${selected}`;
    if (state !== this.#state) for (const drawer of this.#drawers) drawer.isStale = true;
    this.#state = state;
    const frame = { ms, picture: this.reel.pictureAt(ms), reel: this.reel, selected };
    for (const drawer of this.#drawers) {
      if (!drawer.isStale || (isPlaying && at - drawer.drawnAt < drawer.stepMs(frame))) continue;
      drawer.isStale = false;
      drawer.drawnAt = at;
      drawer.draw(frame);
    }
  };

  #now(): Moment {
    const { positionMs: ms, isPlaying, reel } = this.timeline;
    return { ms, endMs: reel.endMs, isPlaying, isComplete: reel.isComplete };
  }
}
