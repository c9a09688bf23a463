// The swarm of a running shoal, as it happens.

import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { LiveSource, LiveState } from '../live/live-source.ts';
import { Show } from './show.ts';
import { Told } from './told.tsx';

const words: Readonly<Record<LiveState, string>> = {
  connecting: 'Asking shoal what happens …',
  following: 'This is happening now.',
  interrupted: 'The connection is interrupted; trying again …',
  ended: 'It is over. This page keeps what it has seen: save the recording to look at it again.',
  recorded: 'A recording.',
  gone: 'shoal does not answer any more. This page keeps what it has seen: save the recording to look at it again.',
  refused: 'What shoal tells cannot be shown by this page: it is too large, or of another version.',
};

export function Live({ source }: { readonly source: LiveSource }): VNode {
  const { reel, state, header } = source;
  const show = useMemo(() => new Show(reel), [reel]);
  const { value: now } = state;
  useEffect(() => {
    if (now === 'following') show.timeline.follow();
    if (now === 'recorded') show.timeline.play();
  }, [now === 'following', now === 'recorded']);
  const isWaiting = now === 'following' && reel.front.content.chunkCount === 0 && show.told.value === 0;
  const isRunning = now === 'following' || now === 'interrupted';
  return (
    <Told
      show={show}
      header={header.value ?? { shoalRecording: 1, title: 'shoal', source: 'live' }}
      status={
        <>
          <i class={`lamp ${now}`} />
          {isWaiting ? 'Looking for peers …' : words[now]}
        </>
      }
      buttons={
        isRunning && (
          <button
            type="button"
            disabled={show.timeline.isFollowing && show.moment.value.isPlaying}
            onClick={() => show.timeline.follow()}
          >
            Go to now
          </button>
        )
      }
    />
  );
}
