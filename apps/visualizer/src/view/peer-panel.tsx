// What is known of the peer that is looked at, in words. Names are text, whatever they hold.

import type { Holdup } from '@shoal/peer';
import type { VNode } from 'preact';
import { given, type PeerPicture, type Picture } from '../picture.ts';
import type { Reel } from '../reel.ts';
import { colourOfPeer, css } from './palette.ts';
import type { Show } from './show.ts';
import { inBytes, inPercent, inRate, inSeconds } from './words.ts';

const rateWindowMs = 1_000;
const giversShown = 6;

export function PeerPanel({ show }: { readonly show: Show }): VNode {
  const number = show.selected.value;
  const ms = show.told.value;
  const picture = show.reel.pictureAt(ms);
  const peer = number === undefined ? undefined : picture.peers[number];
  return (
    <section class="panel" aria-label="Peer" aria-live={show.timeline.isPlaying ? 'off' : 'polite'}>
      {peer === undefined ? (
        <Summary picture={picture} />
      ) : (
        <Details {...{ show, picture, peer, number: number!, ms }} />
      )}
    </section>
  );
}

function Summary({ picture }: { readonly picture: Picture }): VNode {
  const receivers = picture.peers.filter(({ role }) => role === 'receiver');
  const came = picture.fromOwner + picture.fromPeers;
  return (
    <>
      <h2>The swarm</h2>
      <dl>
        <Row name="Content" value={`${picture.content.chunkCount} chunks, ${inBytes(picture.content.bytes)}`} />
        <Row name="Complete" value={`${picture.completedCount} of ${receivers.length}`} />
        <Row name="From fellow peers" value={came === 0 ? '–' : inPercent(picture.fromPeers / came)} />
        <Row name="Rarest chunk" value={picture.rarestCopies === 1 ? '1 copy' : `${picture.rarestCopies} copies`} />
      </dl>
      <p class="hint">Click a peer, or press ↑ or ↓.</p>
    </>
  );
}

interface DetailsProps {
  readonly show: Show;
  readonly picture: Picture;
  readonly peer: PeerPicture;
  readonly number: number;
  readonly ms: number;
}

function Details({ show, picture, peer, number, ms }: DetailsProps): VNode {
  const total = picture.content.chunkCount;
  return (
    <>
      <h2>
        <i class="swatch" style={{ background: css(colourOfPeer(number, show.reel.front.peers.length)) }} />
        {peer.label}
        {peer.cameAtMs === undefined && <span class="quiet"> has left</span>}
      </h2>
      <dl>
        <Row name="Holds" value={`${peer.heldCount} of ${total} chunks`} />
        {peer.completedAtMs !== undefined && <Row name="Complete after" value={inSeconds(peer.completedAtMs)} />}
        {peer.upBytesPerSecond !== undefined && <Row name="Uplink" value={inRate(peer.upBytesPerSecond)} />}
        {peer.damagedCount > 0 && <Row name="Damaged chunks refused" value={`${peer.damagedCount}`} />}
      </dl>
      <Why sharesMs={peer.sharesMs} />
      <Givers {...{ picture, reel: show.reel, peer, number, ms }} />
    </>
  );
}

const reasons: Readonly<Record<Holdup, string>> = {
  noPeers: 'nobody there',
  noManifest: 'manifest',
  noSource: 'no source',
  choked: 'not its turn',
  sender: 'sender busy',
  senderDisk: "sender's disk",
  congestion: 'lines full',
  receiver: 'own intake',
  kernelDrops: 'dropped on arrival',
  path: 'path',
  hashing: 'verifying',
  disk: 'own disk',
  rateLimit: 'own limit',
};

/** A recording may know reasons that we do not. */
export const wordsFor = (reason: string): string =>
  Object.hasOwn(reasons, reason) ? reasons[reason as Holdup] : reason;

function Why({ sharesMs }: { readonly sharesMs: Readonly<Record<string, number>> }): VNode | null {
  const total = Object.values(sharesMs).reduce((sum, part) => sum + part, 0);
  if (total <= 0) return null;
  const parts = Object.entries(sharesMs).toSorted(([, a], [, b]) => b - a);
  return (
    <>
      <h3>What its time went to</h3>
      <ul class="shares">
        {parts.map(([reason, part]) => (
          <li key={reason}>
            <span>{wordsFor(reason)}</span>
            <meter min={0} max={total} value={part} />
            <span>{inPercent(part / total)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

interface GiversProps {
  readonly picture: Picture;
  readonly reel: Reel;
  readonly peer: PeerPicture;
  readonly number: number;
  readonly ms: number;
}

function Givers({ picture, reel, peer, number, ms }: GiversProps): VNode | null {
  const counts = new Map<number, number>();
  for (const giver of peer.givers) if (giver >= given) counts.set(giver - given, (counts.get(giver - given) ?? 0) + 1);
  if (counts.size === 0) return null;
  const rates = ratesTo(reel, picture, number, ms);
  const rows = Array.from(counts).toSorted(([, a], [, b]) => b - a);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">from</th>
          <th scope="col">chunks</th>
          <th scope="col">now</th>
          <th scope="col">window</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, giversShown).map(([giver, count]) => {
          const link = picture.linkBetween(giver, number);
          return (
            <tr key={giver}>
              <th scope="row">{picture.peers[giver]!.label}</th>
              <td>{count}</td>
              <td>{inRate(rates.get(giver) ?? 0)}</td>
              <td>{link?.cwndBytes === undefined ? '–' : inBytes(link.cwndBytes)}</td>
            </tr>
          );
        })}
      </tbody>
      {rows.length > giversShown && <caption>and {rows.length - giversShown} more</caption>}
    </table>
  );
}

/** What came from each in the last second: by the chunks that were under way. */
function ratesTo(reel: Reel, { content }: Picture, to: number, ms: number): Map<number, number> {
  const rates = new Map<number, number>();
  const chunkBytes = content.bytes / Math.max(1, content.chunkCount);
  const fromMs = Math.max(0, ms - rateWindowMs);
  reel.flights.between(fromMs, ms, (flight) => {
    if (flight.to !== to || flight.isDamaged) return;
    const part =
      (Math.min(ms, flight.endMs) - Math.max(fromMs, flight.startMs)) / Math.max(1, flight.endMs - flight.startMs);
    rates.set(flight.from, (rates.get(flight.from) ?? 0) + (chunkBytes * part * 1_000) / Math.max(1, ms - fromMs));
  });
  return rates;
}

const Row = ({ name, value }: { readonly name: string; readonly value: string }): VNode => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
