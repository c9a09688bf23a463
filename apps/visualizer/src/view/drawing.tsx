// A canvas that draws a show, in the size that the page gives it and in the page's colours.

import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Frame, Show } from './show.ts';
import { onThemeChange } from './theme.ts';

/** What draws on it. */
export interface Artist {
  resize(width: number, height: number, scale: number): void;
  restyle(): void;
  draw(frame: Frame): void;
  /** The peer at a place, in pixels of the page. */
  pick(x: number, y: number): number | undefined;
}

export interface DrawingProps {
  readonly show: Show;
  readonly className: string;
  readonly label: string;
  readonly artist: (canvas: HTMLCanvasElement) => Artist;
}

export function Drawing({ show, className, label, artist: makeArtist }: DrawingProps): VNode {
  const ref = useRef<HTMLCanvasElement>(null);
  const artist = useRef<Artist>(undefined);
  useEffect(() => {
    const canvas = ref.current!;
    const drawn = makeArtist(canvas);
    artist.current = drawn;
    const fit = (): void => {
      const { width, height } = canvas.getBoundingClientRect();
      drawn.resize(width, height, Math.min(2, devicePixelRatio));
      show.redraw();
    };
    const observer = new ResizeObserver(fit);
    observer.observe(canvas);
    fit();
    const stops = [
      show.onFrame((frame) => drawn.draw(frame)),
      onThemeChange(() => {
        drawn.restyle();
        show.redraw();
      }),
      (): void => observer.disconnect(),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [show, makeArtist]);
  const pick = (event: MouseEvent): void => {
    const peer = artist.current?.pick(event.offsetX, event.offsetY);
    show.selected.value = peer === show.selected.peek() ? undefined : peer;
  };
  return <canvas ref={ref} class={className} role="img" aria-label={label} onClick={pick} />;
}
