// What the time of each peer went to so far: a bar for each, a part for each reason.

import type { Holdup } from '@shoal/peer';
import type { VNode } from 'preact';
import { blue, css, green, mixed, orange, purple, type Rgb, skyBlue, vermilion, yellow } from './palette.ts';
import { wordsFor } from './peer-panel.tsx';
import type { Show } from './show.ts';
import { inPercent, inSeconds } from './words.ts';

const barsShown = 12;

const grey: Rgb = [125, 130, 138];
const lightGrey: Rgb = [186, 190, 196];
const black: Rgb = [60, 64, 70];

/** In the order in which a transfer meets them. */
const colours: Readonly<Record<Holdup, Rgb>> = {
  noPeers: grey,
  noManifest: lightGrey,
  noSource: purple,
  choked: orange,
  sender: yellow,
  senderDisk: skyBlue,
  congestion: vermilion,
  path: blue,
  receiver: mixed(vermilion, [255, 255, 255], 0.55),
  kernelDrops: mixed(purple, [255, 255, 255], 0.55),
  hashing: mixed(green, [255, 255, 255], 0.55),
  disk: green,
  rateLimit: black,
};

const colourOf = (reason: string): string => css(Object.hasOwn(colours, reason) ? colours[reason as Holdup] : grey);

export function WhyBars({ show }: { readonly show: Show }): VNode | null {
  const { peers } = show.reel.pictureAt(show.told.value);
  const rows = peers
    .map(({ name, label, sharesMs }) => ({ name, label, sharesMs, total: sumOf(sharesMs) }))
    .filter(({ total }) => total > 0);
  if (rows.length === 0) return null;
  const longest = Math.max(...rows.map(({ total }) => total));
  const told = Array.from(
    new Set(Object.keys(colours).concat(...rows.map(({ sharesMs }) => Object.keys(sharesMs)))),
  ).filter((reason) => rows.some(({ sharesMs }) => Object.hasOwn(sharesMs, reason) && sharesMs[reason]! > 0));
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
                  title={`${wordsFor(reason)}: ${inSeconds(sharesMs[reason] ?? 0)}`}
                  style={{ flexGrow: sharesMs[reason] ?? 0, background: colourOf(reason) }}
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
            <i style={{ background: colourOf(reason) }} />
            {wordsFor(reason)}
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
    .map(([reason, ms]) => `${wordsFor(reason)} ${inPercent(ms / total)}`)
    .join(', ');
