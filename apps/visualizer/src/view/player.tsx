// A swarm being shown, wherever it comes from: the picture, the chunk map below it, time, and in words what is looked at.

import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { ArrangementName } from './arrangement.ts';
import { ChunkMap } from './chunk-map.ts';
import { Curves } from './curves.tsx';
import { type Artist, Drawing } from './drawing.tsx';
import { PeerPanel } from './peer-panel.tsx';
import type { Show } from './show.ts';
import { Stage, stageLayers, unhurried } from './stage.ts';
import { TransportBar } from './transport-bar.tsx';

export interface PlayerProps {
  readonly show: Show;
  readonly arrangement: ArrangementName;
  /** The least time in which it could be done. */
  readonly boundMs?: number | undefined;
  /** Between the picture and the chunk map. */
  readonly children?: ComponentChildren;
}

export function Player({ show, arrangement, boundMs, children }: PlayerProps): VNode {
  useRunning(show);
  return (
    <div class="player">
      <div class="watch">
        <SwarmDrawing show={show} arrangement={arrangement} byChunk={false} />
        {children}
        <figure class="chunks">
          <figcaption>
            Chunks <span class="quiet">a row for each peer, coloured by who gave it</span>
          </figcaption>
          <ChunkMapDrawing show={show} />
        </figure>
        <TransportBar show={show} />
      </div>
      <aside class="beside">
        <PeerPanel show={show} />
        <Curves show={show} boundMs={boundMs} />
      </aside>
    </div>
  );
}

/** The show goes on while it is on the page. */
export function useRunning(show: Show): void {
  useEffect(() => {
    show.start();
    return () => show.stop();
  }, [show]);
}

interface SwarmDrawingProps {
  readonly show: Show;
  readonly arrangement: ArrangementName;
  readonly byChunk: boolean;
}

export function SwarmDrawing({ show, arrangement, byChunk }: SwarmDrawingProps): VNode {
  const artist = useMemo(
    () =>
      (...canvases: HTMLCanvasElement[]): Artist =>
        new Stage(canvases, { arrangement, byChunk }),
    [arrangement, byChunk],
  );
  const className = byChunk ? 'stage classic' : 'stage';
  return <Drawing show={show} className={className} label="The swarm" layerCount={stageLayers} artist={artist} />;
}

function ChunkMapDrawing({ show }: { readonly show: Show }): VNode {
  const artist = useMemo(
    () =>
      (canvas: HTMLCanvasElement): Artist => {
        const map = new ChunkMap(canvas);
        return {
          layers: [{ draw: (frame) => map.draw(frame), stepMs: unhurried }],
          resize: (width, height, scale) => map.resize(width, height, scale),
          restyle: () => map.restyle(),
          pick: (_, y) => map.peerAt(y, show.reel.front.peers.length),
        };
      },
    [show],
  );
  const label = 'Chunk map: a row for each peer, a column for each chunk, coloured by who gave it';
  return <Drawing show={show} className="chunk-map" label={label} artist={artist} />;
}
