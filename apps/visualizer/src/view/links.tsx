// How the links do: what goes up and down, how much may be under way, how long a round trip takes. Each row is told by its
// first peer.

import type { VNode } from 'preact';
import type { LinkPicture } from '../picture.ts';
import type { Show } from './show.ts';
import { inBytes, inRate } from './words.ts';

const linksShown = 10; // the busiest

export function Links({ show }: { readonly show: Show }): VNode | null {
  const picture = show.reel.pictureAt(show.told.value);
  const selected = show.selected.value;
  const links = Array.from(picture.links.values()).filter(
    ({ peer, rttMs }) => rttMs !== undefined && (selected === undefined || peer === selected),
  );
  if (links.length === 0) return null;
  const label = (number: number): string => picture.peers[number]!.label;
  return (
    <section aria-label="Links">
      <h2>Links</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">peer</th>
            <th scope="col">with</th>
            <th scope="col">sends</th>
            <th scope="col">receives</th>
            <th scope="col">window</th>
            <th scope="col">round trip</th>
          </tr>
        </thead>
        <tbody>
          {links
            .toSorted((a, b) => busyness(b) - busyness(a))
            .slice(0, linksShown)
            .map(({ peer, remote, upBytesPerSecond, downBytesPerSecond, cwndBytes, rttMs }) => (
              <tr key={`${peer} ${remote}`}>
                <th scope="row">{label(peer)}</th>
                <th>{label(remote)}</th>
                <td>{inRate(upBytesPerSecond)}</td>
                <td>{inRate(downBytesPerSecond)}</td>
                <td>{cwndBytes === undefined ? '–' : inBytes(cwndBytes)}</td>
                <td>{inRoundTrip(rttMs!)}</td>
              </tr>
            ))}
        </tbody>
        {links.length > linksShown && <caption>and {links.length - linksShown} less busy</caption>}
      </table>
    </section>
  );
}

const busyness = ({ upBytesPerSecond, downBytesPerSecond }: LinkPicture): number =>
  upBytesPerSecond + downBytesPerSecond;

const inRoundTrip = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
