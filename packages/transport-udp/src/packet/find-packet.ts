// Where the next packet stands behind one that is nobody's. Datagrams of one size that came together are one buffer without
// boundaries (GRO), and whoever writes from a remote's address can have one of his in the middle of them. Were its length
// believed, or nothing behind it looked at, it would cost up to 45 real ones.

import { packetKinds, packetLengthAt } from './header.ts';

/** The first place from `from` to before `to` where a packet stands for somebody we know; `to` when there is none. */
export function findPacket(
  view: DataView,
  from: number,
  to: number,
  isKnown: (view: DataView, at: number) => boolean,
): number {
  for (let at = from; at < to; at += 1) {
    const kind = view.getUint8(at);
    if (kind < packetKinds.handshake || kind > packetKinds.bulkLast) continue; // cheaper than asking for its length
    if (packetLengthAt(view, at) > 0 && isKnown(view, at)) return at;
  }
  return to;
}
