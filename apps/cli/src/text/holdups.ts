// What a transfer's time went to, in a line that people read.

import type { Holdup, HoldupShares } from '@shoal/peer';

const words: Readonly<Record<Holdup, string>> = {
  noPeers: 'finding somebody to ask',
  noManifest: 'getting the manifest',
  noSource: 'waiting for somebody who has the rest',
  choked: 'waiting for a turn',
  sender: 'senders serving others',
  senderDisk: "senders' disks",
  path: 'the way here',
  disk: 'this disk',
  rateLimit: 'the rate limit',
};

/** `the way here 80 %, this disk 15 %, …`: the largest first, down to one in a hundred; empty when there was no time. */
export function formatHoldups(holdups: HoldupShares): string {
  const shares = Object.entries(holdups) as [Holdup, number][];
  const total = shares.reduce((sum, [, ms]) => sum + ms, 0);
  return shares
    .map(([holdup, ms]) => ({ holdup, percent: Math.round((100 * ms) / total) }))
    .filter(({ percent }) => percent >= 1)
    .toSorted((a, b) => b.percent - a.percent)
    .map(({ holdup, percent }) => `${words[holdup]} ${percent} %`)
    .join(', ');
}
