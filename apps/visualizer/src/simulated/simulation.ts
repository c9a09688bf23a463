// A simulated swarm that runs in a worker and fills a reel.

import { type Signal, signal } from '@preact/signals';
import { Reel } from '../reel.ts';
import type { Scene } from './simulated-swarm.ts';
import type { SliceDone } from './swarm-worker.ts';
// oxlint-disable-next-line import/default -- Vite makes one
import SwarmWorker from './swarm-worker.ts?worker&inline';

export interface Simulation {
  readonly reel: Reel;
  /** The least time in which all could have everything; undefined until it is known. */
  readonly boundMs: Signal<number | undefined>;
  readonly isOver: Signal<boolean>;
  readonly trouble: Signal<string | undefined>;
  stop(): void;
}

export function simulate(scene: Scene): Simulation {
  const reel = new Reel();
  const boundMs = signal<number | undefined>(undefined);
  const isOver = signal(false);
  const trouble = signal<string | undefined>(undefined);
  const worker = new SwarmWorker();
  worker.addEventListener('message', ({ data }: MessageEvent<SliceDone>) => {
    reel.append(data.happenings, data.untilMs);
    reel.isComplete = data.isOver;
    boundMs.value = data.boundMs;
    isOver.value = data.isOver;
  });
  worker.addEventListener('error', (event) => void (trouble.value = event.message));
  worker.postMessage(scene); // oxlint-disable-line unicorn/require-post-message-target-origin -- a worker has none
  return { reel, boundMs, isOver, trouble, stop: () => worker.terminate() };
}
