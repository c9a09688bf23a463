// How the swarm went, as curves beside the picture.

import type { VNode } from 'preact';
import { Chart, type Line } from './chart.tsx';
import { blue, green, orange } from './palette.ts';
import type { Show } from './show.ts';
import { inPercent } from './words.ts';

const completed: Line = { label: 'complete', colour: green, values: ({ reel }) => reel.curves.completed };
const copies: Line = { label: 'copies', colour: blue, values: ({ reel }) => reel.curves.rarestCopies };
const owner: Line = { label: 'owner', colour: orange, values: ({ reel }) => reel.curves.ownerShare };
const peers: Line = { label: 'peers', colour: blue, values: ({ reel }) => reel.curves.peerShare };

const completedLines = [completed];
const copiesLines = [copies];
const shareLines = [owner, peers];

export function Curves({ show, boundMs }: { readonly show: Show; readonly boundMs?: number | undefined }): VNode {
  return (
    <section class="curves" aria-label="Curves">
      <Chart
        show={show}
        title="Complete peers"
        lines={completedLines}
        reachMs={boundMs}
        {...(boundMs !== undefined && { mark: { ms: boundMs, label: 'fluid bound' } })}
      />
      <Chart show={show} title="Copies of the rarest chunk" lines={copiesLines} reachMs={boundMs} />
      <Chart show={show} title="Who uploaded" lines={shareLines} reachMs={boundMs} most={1} format={inPercent} />
    </section>
  );
}
