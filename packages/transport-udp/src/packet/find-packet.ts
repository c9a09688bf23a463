// Where the next packet stands behind one that is nobody's. Datagrams of one size that came together are one buffer without
// boundaries (GRO), and whoever writes from a remote's address can have one of his in the middle of them. Were its length
// believed, or nothing behind it looked at, it would cost up to 45 real ones.

import { packetKinds, packetLengthAt } from './header.ts';

/** What all kinds have in common. */
const kindMask = 0xfc;

/** The first place from `from` to before `to` where a packet stands for somebody we know; `to` when there is none. */
export function findPacket(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  isKnown: (view: DataView, at: number) => boolean,
): number {
  for (let at = from; at < to; at += 1) {
    if ((bytes[at]! & kindMask) !== packetKinds.handshake) continue; // cheap: most are not
    if (packetLengthAt(view, at) > 0 && isKnown(view, at)) return at;
  }
  return to;
}
