// Runs a simulated swarm beside the page, so that the page never waits for it, and sends on what happens, a slice of time
// after another.

import { loadWasmHashes } from '@shoal/chunker';
import type { Happening } from '../happenings.ts';
import { type Scene, SimulatedSwarm } from './simulated-swarm.ts';

/** What the page is told. */
export interface SliceDone {
  readonly happenings: readonly Happening[];
  /** All until then has been told. */
  readonly untilMs: number;
  readonly isOver: boolean;
  readonly boundMs: number;
}

const sliceMs = 30;

async function simulate(scene: Scene): Promise<void> {
  const swarm = new SimulatedSwarm(scene, await loadWasmHashes());
  const { boundMs } = swarm;
  do {
    const started = performance.now();
    const happenings = swarm.run(() => performance.now() - started > sliceMs);
    const done: SliceDone = { happenings, untilMs: swarm.nowMs, isOver: swarm.isOver, boundMs };
    postMessage(done);
  } while (!swarm.isOver);
}

addEventListener('message', (event: MessageEvent<Scene>) => void simulate(event.data));
