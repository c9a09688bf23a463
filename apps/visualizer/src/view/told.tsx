// A real swarm being shown, live or from a file: the picture, how its links do, what its time went to.

import type { ComponentChildren, VNode } from 'preact';
import type { RecordingHeader } from '../happenings.ts';
import { saveRecording } from '../live/files.ts';
import { Links } from './links.tsx';
import { OpenButton } from './open-button.tsx';
import { Player } from './player.tsx';
import type { Show } from './show.ts';
import { WhyBars } from './why-bars.tsx';

export interface ToldProps {
  readonly show: Show;
  readonly header: RecordingHeader;
  /** What there is to say of it. */
  readonly status: ComponentChildren;
  /** Before the others. */
  readonly buttons?: ComponentChildren;
}

export function Told({ show, header, status, buttons }: ToldProps): VNode {
  const { reel } = show;
  return (
    <main class="scene told-scene" id="main">
      <header class="told-head">
        <div>
          <h1>{header.title}</h1>
          <p class="status" role="status">
            {status}
          </p>
        </div>
        <div class="buttons">
          {buttons}
          <button type="button" onClick={() => saveRecording({ header, happenings: reel.happenings })}>
            Save recording
          </button>
          <OpenButton />
        </div>
      </header>
      <Player show={show} arrangement="hub" />
      <div class="facts">
        <Links show={show} />
        <WhyBars show={show} />
      </div>
    </main>
  );
}
