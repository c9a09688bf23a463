// A recording from a file of the user, or the way to open one.

import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { opened, type Opened, problem } from '../live/opened.ts';
import { OpenButton } from './open-button.tsx';
import { Show } from './show.ts';
import { prefersCalm } from './theme.ts';
import { Told } from './told.tsx';

export function Recorded(): VNode {
  const recording = opened.value;
  if (recording !== undefined) return <Playing recording={recording} />;
  return (
    <main class="scene" id="main">
      <header class="intro">
        <h1>Open a recording</h1>
        <p>
          <code>shoal get</code>, <code>share</code> and <code>demo</code> save what happens with{' '}
          <code>--record FILE</code>, and so does the page of <code>--view</code>. Choose such a file, or drop it here.
          It is not sent anywhere.
        </p>
      </header>
      <div class="drop">
        <OpenButton />
        <Problem />
      </div>
    </main>
  );
}

function Playing({ recording }: { readonly recording: Opened }): VNode {
  const show = useMemo(() => new Show(recording.reel), [recording]);
  useEffect(() => {
    if (prefersCalm()) show.timeline.seek(show.reel.endMs);
    else show.timeline.play();
  }, [show]);
  return (
    <Told
      key={recording}
      show={show}
      header={recording.header}
      status={problem.value === undefined ? 'A recording.' : <Problem />}
    />
  );
}

const Problem = (): VNode | null => (problem.value === undefined ? null : <span role="alert">{problem.value}</span>);
