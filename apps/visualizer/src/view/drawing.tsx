// Canvases that draw a show, in the size that the page gives them and in the page's colours: one above the other, so that
// what changes seldom need not be drawn with what changes always.

import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Frame, Show } from './show.ts';
import { onThemeChange } from './theme.ts';

/** What draws on one of its layers, no more often than every `stepMs` while the show plays. */
export interface Layer {
  readonly draw: (frame: Frame) => void;
  readonly stepMs?: (frame: Frame) => number;
}

/** What draws. */
export interface Artist {
  readonly layers: readonly Layer[];
  resize(width: number, height: number, scale: number): void;
  restyle(): void;
  /** The peer at a place, in pixels of the page. */
  pick(x: number, y: number): number | undefined;
}

export interface DrawingProps {
  readonly show: Show;
  readonly className: string;
  readonly label: string;
  readonly layerCount?: number;
  readonly artist: (...canvases: HTMLCanvasElement[]) => Artist;
}

export function Drawing({ show, className, label, layerCount = 1, artist: makeArtist }: DrawingProps): VNode {
  const ref = useRef<HTMLDivElement>(null);
  const artist = useRef<Artist>(undefined);
  useEffect(() => {
    const box = ref.current!;
    const drawn = makeArtist(...(box.children as unknown as Iterable<HTMLCanvasElement>));
    artist.current = drawn;
    const fit = (): void => {
      const { width, height } = box.getBoundingClientRect();
      drawn.resize(width, height, Math.min(2, devicePixelRatio));
      show.redraw();
    };
    const observer = new ResizeObserver(fit);
    observer.observe(box);
    fit();
    const stops = [
      ...drawn.layers.map(({ draw, stepMs }) => show.onFrame(draw, stepMs)),
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
  return (
    <div ref={ref} class={`drawing ${className}`} role="img" aria-label={label} onClick={pick}>
      {Array.from({ length: layerCount }, (_, layer) => (
        <canvas key={layer} />
      ))}
    </div>
  );
}
