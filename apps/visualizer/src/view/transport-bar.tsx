// Play and pause, how fast, and where in time: a slider, and the keys of a player.

import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { inSeconds } from './words.ts';
import type { Show } from './show.ts';

const speeds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20];
const smallStep = 0.01; // of the whole, by an arrow key
const largeStep = 0.1;

export interface TransportBarProps {
  readonly show: Show;
  /** Its speed is not the viewer's to choose. */
  readonly isPaced?: boolean;
}

export function TransportBar({ show, isPaced = false }: TransportBarProps): VNode {
  const { timeline } = show;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => handleKey(show, event);
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [show]);
  const { ms, endMs, isPlaying, isComplete } = show.moment.value;
  return (
    <div class="transport" role="group" aria-label="Time">
      <button type="button" class="play" aria-label={isPlaying ? 'Pause' : 'Play'} onClick={() => toggle(show)}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d={isPlaying ? 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z' : 'M8 4.8v14.4L19.2 12z'} />
        </svg>
      </button>
      <input
        type="range"
        class="scrubber"
        min="0"
        max={Math.max(1, Math.round(endMs))}
        step="1"
        value={Math.round(ms)}
        aria-label="Moment"
        aria-valuetext={`${inSeconds(ms)} of ${inSeconds(endMs)}`}
        onInput={(event) => timeline.seek(Number(event.currentTarget.value))}
      />
      <span class="clock">
        {inSeconds(ms)}
        <span class="quiet">
          {' '}
          / {inSeconds(endMs)}
          {isComplete ? '' : ' …'}
        </span>
      </span>
      {!isPaced && (
        <label class="speed">
          <span class="visually-hidden">Speed</span>
          <select onChange={(event) => void (timeline.speed = Number(event.currentTarget.value))}>
            {speeds.map((speed) => (
              <option key={speed} value={speed} selected={speed === timeline.speed}>
                {speed}×
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

function toggle({ timeline }: Show): void {
  if (timeline.isPlaying) timeline.pause();
  else timeline.play();
}

/** Where no control has them for itself: space plays and pauses, arrows go on and back, up and down choose a peer. */
function handleKey(show: Show, event: KeyboardEvent): void {
  const target = event.target as Element;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, select, textarea, button, a')) return;
  const { timeline, reel, selected } = show;
  const step = reel.endMs * (event.shiftKey ? largeStep : smallStep);
  const count = reel.front.peers.length;
  const actions: Record<string, () => unknown> = {
    ' ': () => toggle(show),
    ArrowLeft: () => timeline.seek(timeline.positionMs - step),
    ArrowRight: () => timeline.seek(timeline.positionMs + step),
    Home: () => timeline.seek(0),
    End: () => timeline.seek(reel.endMs),
    ArrowDown: () => (selected.value = ((selected.value ?? -1) + 1) % Math.max(1, count)),
    ArrowUp: () => (selected.value = ((selected.value ?? 0) + count - 1) % Math.max(1, count)),
    Escape: () => (selected.value = undefined),
  };
  const action = actions[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}
