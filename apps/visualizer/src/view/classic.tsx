// The classic drawing of a swarm, as the production code makes it: one server, four clients, a file of four parts. Nothing
// here says what happens: the steps are found in what the simulated swarm did.

import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { classicScene, partNames } from '../simulated/classic-scene.ts';
import { simulate } from '../simulated/simulation.ts';
import { type Step, stepsOf } from '../simulated/steps.ts';
import { chunkColours, css } from './palette.ts';
import { SwarmDrawing, useRunning } from './player.tsx';
import { Show } from './show.ts';
import { TransportBar } from './transport-bar.tsx';

const stepSeconds = 4; // what a step takes on the screen

export function Classic(): VNode {
  const [simulation, show] = useMemo(() => {
    const started = simulate(classicScene);
    return [started, new Show(started.reel)] as const;
  }, []);
  useRunning(show);
  useEffect(() => () => simulation.stop(), [simulation]);
  const isOver = simulation.isOver.value;
  const steps = useMemo(() => (isOver ? stepsOf(simulation.reel.happenings) : []), [isOver]);
  const { ms } = show.moment.value;
  const current = lastBegun(steps, ms);
  return (
    <main class="scene classic-scene" id="main">
      <header class="intro">
        <h1>How a file spreads</h1>
        <p>
          One server, four clients, a file of four parts. The server sends each part once; the clients pass it on to one
          another. What you see is shoal's own swarm code at work.
        </p>
      </header>
      <SwarmDrawing show={show} arrangement="classic" byChunk />
      <Parts />
      <div class="steps" role="group" aria-label="Steps">
        <button type="button" disabled={current === 0} onClick={() => goBack(show, steps[current - 1]!)}>
          Back
        </button>
        {steps.map((step, i) => (
          <button key={step.fromMs} type="button" aria-pressed={current === i + 1} onClick={() => playStep(show, step)}>
            Step {i + 1}
          </button>
        ))}
      </div>
      <p class="told" aria-live="polite">
        {current === 0 ? 'Press Step 1.' : <Told step={steps[current - 1]!} />}
      </p>
      <TransportBar show={show} isPaced />
    </main>
  );
}

/** Shows a step from its beginning, in the same time as any other. */
function playStep({ timeline }: Show, step: Step): void {
  timeline.seek(step.fromMs);
  timeline.speed = (step.untilMs - step.fromMs) / (stepSeconds * 1_000);
  timeline.play(step.untilMs);
}

function goBack({ timeline }: Show, step: Step): void {
  timeline.pause();
  timeline.seek(step.fromMs);
}

/** The step that has begun last, from 1. */
const lastBegun = (steps: readonly Step[], ms: number): number => steps.filter(({ fromMs }) => fromMs < ms).length;

function Parts(): VNode {
  return (
    <ul class="parts" aria-label="Parts of the file">
      {partNames.map((name, chunk) => (
        <li key={name}>
          <i class="swatch" style={{ background: css(chunkColours[chunk]!) }} />
          {name}
        </li>
      ))}
    </ul>
  );
}

/** Who gave what to whom. */
function Told({ step }: { readonly step: Step }): VNode {
  const giver = step.isShared ? 'The clients share' : 'The server gives';
  const moves = step.moves.map(({ from, to, chunk }) => {
    const part = partNames[chunk]!.toLowerCase();
    return step.isShared ? `${part} from client ${from} to client ${to}` : `${part} to client ${to}`;
  });
  return (
    <>
      {giver}: {moves.join(', ')}.
    </>
  );
}
