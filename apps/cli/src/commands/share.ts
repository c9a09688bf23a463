// `shoal share`: makes the manifest of a file or folder, prints its ticket and serves it until it is told to stop.

import { formatAddress } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { openPeer, type Share } from '@shoal/peer/node';
import { openLinks } from '@shoal/transport-udp/node';
import type { Command } from 'commander';
import { limitDown, type LimitOptions, limitUp, readLimits } from '../limits.ts';
import {
  type LiveOptions,
  noOpenOption,
  openLive,
  recordOption,
  viewOption,
  withHappeningsOption,
} from '../live/options.ts';
import { memoryBytes } from '../memory.ts';
import {
  collect,
  noDiscoveryOption,
  pskOption,
  readAddresses,
  readChunkSize,
  readDiscovery,
  readListen,
  readPsk,
  readSeconds,
} from '../options.ts';
import { type CommonOptions, type Context, run } from '../run.ts';
import { formatBytes } from '../text/units.ts';
import { every, progressMs } from '../ticks.ts';
import { Trackers } from '../trackers.ts';

interface ShareOptions extends CommonOptions, LimitOptions, LiveOptions {
  readonly pskFile?: string;
  readonly tracker: readonly string[];
  readonly listen: string;
  readonly timeout: string;
  readonly chunkSize?: string;
  readonly contentDefined?: boolean;
  readonly discovery: boolean;
}

export const addShare = (program: Command): Command =>
  program
    .command('share')
    .description('share a file or folder; prints its ticket and keeps serving')
    .argument('<path>', 'a file or folder')
    .requiredOption('--tracker <host:port>', 'a tracker to be found by; may be given several times', collect, [])
    .option('--listen <[host:]port>', 'where to listen; port 0 takes any that is free', '0')
    .option(...noDiscoveryOption)
    .option(...pskOption)
    .option('--timeout <seconds>', 'how long to wait for the first tracker', '5')
    .option('--chunk-size <size>', 'such as 100KB or 256KiB; by default chosen from the size of the content')
    .option(
      '--content-defined',
      'cut where the bytes say so, for `shoal get --update`; --chunk-size is then the average',
    )
    .addOption(limitUp)
    .addOption(limitDown)
    .addOption(viewOption)
    .addOption(recordOption)
    .addOption(noOpenOption)
    .addOption(withHappeningsOption)
    .addHelpText('after', '\nExample:\n  shoal share ./photos --tracker 192.168.1.5:7070')
    .action(async (path: string, options: ShareOptions) => run(options, (context) => share(path, options, context)));

async function share(path: string, options: ShareOptions, context: Context): Promise<void> {
  const { output, interrupt } = context;
  const addresses = readAddresses('--tracker', options.tracker);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const chunkBytes = readChunkSize(options.chunkSize);
  const limits = readLimits(options);
  const trackers = new Trackers(addresses, output);
  const links = await openLinks({ ...readListen('--listen', options.listen), ...readPsk(options.pskFile) });
  const onEvent = (event: SessionEvent): void => trackers.handle(event);
  await using peer = await openPeer({ links, trackers: addresses, onEvent, ...readDiscovery(options) });
  const shared = await peer.share({
    path,
    chunking: options.contentDefined === true ? 'contentDefined' : 'fixed',
    limits,
    signal: interrupt.signal,
    onHashed: (done, total) => output.live(`hashing ${formatBytes(done)} of ${formatBytes(total)}`),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  });
  output.liveDone();
  for (const { path, reason } of shared.skipped) output.say(`left out ${path}: ${reason}`);
  await using live = await openLive(options, shared.name, context);
  live?.watch(shared, { self: peer.peer, role: 'owner', limits });
  await trackers.firstUp(timeoutMs, interrupt.signal);
  output.data(shared.ticket);
  output.event({ event: 'sharing', ...describe(shared), peer: peer.peer, address: formatAddress(peer.address) });
  output.say(`sharing ${shared.name}: ${formatBytes(shared.bytes)} in ${shared.chunkCount} chunks; Ctrl-C stops it`);
  using _ticking = every(progressMs, () => {
    const { sentBytes, sentBytesPerSecond, remoteCount } = shared.progress();
    output.event({ event: 'progress', uploadedBytes: sentBytes, peers: remoteCount });
    output.live(`${formatBytes(sentBytes)} sent, ${formatBytes(sentBytesPerSecond)}/s, ${remoteCount} peers`);
  });
  await interrupt.wait();
  output.liveDone();
  const { sentBytes } = shared.progress();
  output.event({ event: 'closed', uploadedBytes: sentBytes, memoryBytes: memoryBytes() });
}

const describe = ({ ticket, swarm, name, bytes, chunkCount, fileCount }: Share): Record<string, unknown> => ({
  ticket,
  swarm,
  name,
  bytes,
  chunks: chunkCount,
  files: fileCount,
});
