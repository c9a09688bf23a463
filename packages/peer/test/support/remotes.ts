// Remotes for tests of single parts, without a link behind them.

import { linkId, type PeerId } from '@shoal/machine';
import { Remote } from '../../src/remote.ts';

let count = 0;

/** The identity with this number; larger numbers are larger identities. */
export const peerNumber = (number: number): PeerId => number.toString(16).padStart(64, '0') as PeerId;

/** A remote of its own address, and of its own identity unless that is given. */
export function newRemote(peer?: PeerId): Remote {
  count += 1;
  peer ??= peerNumber(count);
  const address = { host: '10.0.0.1', port: count };
  const tally = { peer, address, receivedBytes: 0, receivedChunks: 0, sentBytes: 0, sentChunks: 0, damagedChunks: 0 };
  return new Remote(linkId(count), peer, address, tally);
}
