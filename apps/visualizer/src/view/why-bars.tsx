// What the time of each peer went to so far: a bar for each, a part for each reason.

import type { VNode } from 'preact';
import { blue, css, green, orange, purple, type Rgb, skyBlue, vermilion, yellow } from './palette.ts';
import { reasons } from './peer-panel.tsx';
import type { Show } from './show.ts';
import { inPercent, inSeconds } from './words.ts';

const barsShown = 12;

const grey: Rgb = [125, 130, 138];
const black: Rgb = [60, 64, 70];
const colours: Readonly<Record<string, Rgb>> = {
  noPeers: grey,
  noManifest: black,
  noSource: purple,
  choked: orange,
  sender: yellow,
  senderDisk: skyBlue,
  path: blue,
  disk: green,
  rateLimit: vermilion,
};

export function WhyBars({ show }: { readonly show: Show }): VNode | null {
  const { peers } = show.reel.pictureAt(show.told.value);
  const rows = peers
    .map(({ name, label, sharesMs }) => ({ name, label, sharesMs, total: sumOf(sharesMs) }))
    .filter(({ total }) => total > 0);
  if (rows.length === 0) return null;
  const longest = Math.max(...rows.map(({ total }) => total));
  const told = Object.keys(reasons).filter((reason) => rows.some(({ sharesMs }) => (sharesMs[reason] ?? 0) > 0));
  return (
    <section class="why" aria-label="What the time went to">
      <h2>What the time went to</h2>
      <ul>
        {rows.slice(0, barsShown).map(({ name, label, sharesMs, total }) => (
          <li key={name}>
            <span class="name">{label}</span>
            <span
              class="bar"
              role="img"
              aria-label={inWords(sharesMs, total)}
              style={{ width: `${(100 * total) / longest}%` }}
            >
              {told.map((reason) => (
                <i
                  key={reason}
                  title={`${reasons[reason]}: ${inSeconds(sharesMs[reason] ?? 0)}`}
                  style={{ flexGrow: sharesMs[reason] ?? 0, background: css(colours[reason] ?? grey) }}
                />
              ))}
            </span>
            <span class="total">{inSeconds(total)}</span>
          </li>
        ))}
      </ul>
      <p class="legend">
        {told.map((reason) => (
          <span key={reason}>
            <i style={{ background: css(colours[reason] ?? grey) }} />
            {reasons[reason]}
          </span>
        ))}
      </p>
    </section>
  );
}

const sumOf = (sharesMs: Readonly<Record<string, number>>): number =>
  Object.values(sharesMs).reduce((sum, part) => sum + part, 0);

const inWords = (sharesMs: Readonly<Record<string, number>>, total: number): string =>
  Object.entries(sharesMs)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, ms]) => `${reasons[reason] ?? reason} ${inPercent(ms / total)}`)
    .join(', ');
