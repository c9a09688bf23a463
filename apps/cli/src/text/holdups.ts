// What a transfer's time went to, in words that people read.

import type { Holdup, HoldupShares } from '@shoal/peer';
import { formatDuration } from './units.ts';

const words: Readonly<Record<Holdup, string>> = {
  noPeers: 'finding somebody to ask',
  noManifest: 'getting the manifest',
  noSource: 'waiting for somebody who has the rest',
  choked: 'waiting for a turn',
  sender: 'senders serving others',
  senderDisk: "senders' disks",
  congestion: 'what the lines carry',
  receiver: 'this machine taking it in',
  kernelDrops: 'packets that this machine had no room for',
  path: 'the way here',
  hashing: 'verifying',
  disk: 'this disk',
  rateLimit: 'the rate limit',
};

/** The same on a line that has little room. */
export const limitWords: Readonly<Record<Holdup, string>> = {
  noPeers: 'no peers',
  noManifest: 'manifest',
  noSource: 'rare chunks',
  choked: 'waiting turn',
  sender: 'busy senders',
  senderDisk: 'their disks',
  congestion: 'the lines',
  receiver: 'this machine',
  kernelDrops: 'a full buffer',
  path: 'the way here',
  hashing: 'verifying',
  disk: 'this disk',
  rateLimit: 'your limit',
};

/** `the way here 80 %`, `this disk 15 %`, …: the largest first, down to one in a hundred; none when there was no time. */
export const holdupWords = (holdups: HoldupShares): string[] =>
  largestFirst(holdups)
    .filter(({ percent }) => percent >= 1)
    .map(({ what, percent }) => `${what} ${percent} %`);

/** For a table: what, how long, which share; the largest first. */
export const holdupRows = (holdups: HoldupShares): string[][] =>
  largestFirst(holdups).map(({ what, ms, percent }) => [what, formatDuration(ms), `${percent} %`]);

function largestFirst(holdups: HoldupShares): { what: string; ms: number; percent: number }[] {
  const shares = (Object.entries(holdups) as [Holdup, number][]).toSorted(([, a], [, b]) => b - a);
  const total = shares.reduce((sum, [, ms]) => sum + ms, 0);
  return shares.map(([holdup, ms]) => ({ what: words[holdup], ms, percent: Math.round((100 * ms) / total) }));
}
