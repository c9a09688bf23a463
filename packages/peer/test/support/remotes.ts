// Remotes for tests of single parts, without a link behind them.

import { linkId, type PeerId } from '@shoal/machine';
import { Remote } from '../../src/remote.ts';

let count = 0;

/** A remote of its own identity and address. */
export function newRemote(): Remote {
  count += 1;
  const peer = count.toString(16).padStart(64, '0') as PeerId;
  const address = { host: '10.0.0.1', port: count };
  const tally = { peer, address, receivedBytes: 0, receivedChunks: 0, sentBytes: 0, sentChunks: 0, damagedChunks: 0 };
  return new Remote(linkId(count), peer, address, tally);
}
