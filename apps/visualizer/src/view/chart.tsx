// One curve over time, in uPlot, with a line where we are.

import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { css, type Rgb } from './palette.ts';
import type { Show } from './show.ts';
import { currentTheme, onThemeChange } from './theme.ts';

export interface Line {
  readonly label: string;
  readonly colour: Rgb;
  readonly values: (show: Show) => number[];
}

export interface ChartProps {
  readonly show: Show;
  readonly title: string;
  readonly lines: readonly Line[];
  /** Highest value; as high as it takes unless given. */
  readonly most?: number;
  /** A moment to be marked. */
  readonly mark?: { readonly ms: number; readonly label: string };
  /** The time axis reaches so far at least. */
  readonly reachMs?: number | undefined;
  readonly format?: (value: number) => string;
}

const height = 132;
const refreshMs = 250;
const needleStepMs = 50;

export function Chart(props: ChartProps): VNode {
  const { show, title, lines, mark } = props;
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => drawIn(ref.current!, props), [show, mark?.ms, props.reachMs, props.most]);
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <span class="legend">
          {lines.map(({ label, colour }) => (
            <span key={label}>
              <i style={{ background: css(colour) }} />
              {label}
            </span>
          ))}
          {mark !== undefined && (
            <span>
              <i class="dashed" />
              {mark.label}
            </span>
          )}
        </span>
      </figcaption>
      <div ref={ref} class="plot" />
    </figure>
  );
}

function drawIn(parent: HTMLElement, props: ChartProps): () => void {
  const { show, lines } = props;
  const needle = document.createElement('div');
  needle.className = 'needle';
  const data = (): UPlot.AlignedData => [show.reel.curves.seconds, ...lines.map(({ values }) => values(show))];
  let ms = 0;
  const place = (plot: UPlot): void => {
    needle.style.transform = `translateX(${plot.valToPos(ms / 1_000, 'x')}px)`;
  };
  const make = (): UPlot => {
    const options = optionsOf(props, parent.clientWidth);
    const made = new UPlot({ ...options, hooks: { ...options.hooks, drawClear: [place] } }, data(), parent);
    made.over.append(needle);
    return made;
  };
  let plot = make();
  let drawnCount = 0;
  const stops = [
    show.onFrame(() => {
      const count = show.reel.curves.seconds.length;
      if (count !== drawnCount) plot.setData(data());
      drawnCount = count;
    }, refreshMs),
    show.onFrame((frame) => {
      ms = frame.ms;
      place(plot);
    }, needleStepMs),
    onThemeChange(() => {
      plot.destroy();
      plot = make();
    }),
  ];
  const observer = new ResizeObserver(() => {
    plot.setSize({ width: parent.clientWidth, height });
  });
  observer.observe(parent);
  return () => {
    for (const stop of stops) stop();
    observer.disconnect();
    plot.destroy();
  };
}

function optionsOf({ lines, most, mark, reachMs = 0, format }: ChartProps, width: number): UPlot.Options {
  const theme = currentTheme();
  const axis: UPlot.Axis = {
    stroke: css(theme.quiet),
    grid: { stroke: css(theme.track), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: Math.max(50, width),
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: false, range: (_, low, high) => [low ?? 0, Math.max(high ?? 1, (reachMs / 1_000) * 1.04, 0.1)] },
      y: { range: (_, __, high) => [0, most ?? Math.max(1, high ?? 1) * 1.05] },
    },
    axes: [
      { ...axis, size: 24, values: (_, values) => values.map((value) => `${value} s`) },
      { ...axis, size: 40, ...(format !== undefined && { values: (_, values) => values.map(format) }) },
    ],
    series: [
      {},
      ...lines.map(({ label, colour }) => ({
        label,
        stroke: css(colour),
        width: 2,
        points: { show: false },
        ...(lines.length === 1 && { fill: css(colour, 0.12) }),
      })),
    ],
    hooks: { draw: [(plot) => drawMark(plot, mark?.ms, css(theme.text, 0.8))] },
  };
}

function drawMark(plot: UPlot, ms: number | undefined, colour: string): void {
  if (ms === undefined) return;
  const { ctx: context, bbox } = plot;
  const x = plot.valToPos(ms / 1_000, 'x', true);
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = 1.5 * devicePixelRatio;
  context.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  context.beginPath();
  context.moveTo(x, bbox.top);
  context.lineTo(x, bbox.top + bbox.height);
  context.stroke();
  context.restore();
}
