// `shoal owner`: the file owner of the classic ring. It hands different chunks to different peers, says when every chunk is
// out once, and may go then: the peers get the rest from one another.

import { formatAddress } from '@shoal/machine';
import { openPeer } from '@shoal/peer/node';
import { openLinks } from '@shoal/transport-udp/node';
import { type Activity, tellActivity, WatchedLinks } from '../classic/activity.ts';
import { type LimitOptions, readLimits } from '../limits.ts';
import { readChunkSize, readCount, readListen } from '../options.ts';
import type { CommonOptions, Context } from '../run.ts';
import { formatBytes } from '../text/units.ts';

interface OwnerOptions extends CommonOptions, LimitOptions {
  readonly port?: string;
  readonly peers: string;
  readonly chunkSize: string;
  readonly leave?: boolean;
}

export async function owner(path: string, options: OwnerOptions, { output, interrupt }: Context): Promise<void> {
  const receivers = readCount('--peers', options.peers, [1, 1_000]);
  const chunkBytes = readChunkSize(options.chunkSize)!;
  const limits = readLimits(options);
  const out = new Set<number>();
  const spread = Promise.withResolvers<void>();
  const heed = (activity: Activity): void => {
    tellActivity(activity, output);
    if (activity.event !== 'chunkSent') return;
    out.add(activity.ids[0]!);
    if (out.size === shared.chunkCount) spread.resolve();
  };
  const links = new WatchedLinks(await openLinks(readListen('--port', options.port ?? '')), heed);
  await using peer = await openPeer({ links, discovery: false });
  const { signal } = interrupt;
  const shared = await peer.share({ path, chunkBytes, receivers, limits, listed: true, peers: [], signal });
  const { name, bytes, chunkCount } = shared;
  const address = formatAddress(peer.address);
  output.event({ event: 'owning', name, bytes, chunks: chunkCount, swarm: shared.swarm, address });
  output.say(`${name} is split into ${chunkCount} chunks (${formatBytes(bytes)}); waiting for peers at ${address}`);
  await Promise.race([spread.promise, interrupt.wait()]);
  if (signal.aborted) return;
  output.event({ event: 'spread', chunks: chunkCount, sentBytes: shared.progress().sentBytes });
  output.say(
    `every chunk is out at least once: the peers can go on alone${options.leave === true ? '' : '; Ctrl-C leaves'}`,
  );
  if (options.leave !== true) await interrupt.wait();
  output.event({ event: 'closed', sentBytes: shared.progress().sentBytes });
}
