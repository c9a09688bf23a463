// `shoal share`: makes the manifest of a file or folder, prints its ticket and serves it until it is told to stop, or has
// given enough. With --watch it follows the folder: what changed becomes a new version with a ticket of its own.

import { createManifest } from '@shoal/chunker/node';
import { formatAddress, ShoalError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { openPeer, type RunningPeer, type Share, type ShareOptions as PeerShareOptions } from '@shoal/peer/node';
import { Enough, type EnoughOptions } from '../enough.ts';
import { changesOf } from '../following.ts';
import { type LimitOptions, readLimits } from '../limits.ts';
import { type LinkOptions, openOwnLinks } from '../links.ts';
import { type LiveOptions, openLive } from '../live/options.ts';
import { memoryBytes } from '../memory.ts';
import { readChunkSize, readDiscovery, readSeconds } from '../options.ts';
import type { Output } from '../output.ts';
import { Presence } from '../presence.ts';
import type { CommonOptions, Context } from '../run.ts';
import { escapeText } from '../text/escape.ts';
import { newsOf } from '../text/news.ts';
import { plural } from '../text/plural.ts';
import { formatBytes, formatRate } from '../text/units.ts';
import { clip } from '../text/width.ts';
import { every, progressMs } from '../ticks.ts';
import { readTrackers, Trackers } from '../trackers.ts';
import { tellManifest } from './info.ts';

const nameColumnsMax = 20;

export interface ShareOptions extends CommonOptions, LimitOptions, LinkOptions, EnoughOptions, LiveOptions {
  readonly tracker: readonly string[];
  readonly timeout: string;
  readonly chunkSize?: string;
  readonly contentDefined?: boolean;
  readonly discovery: boolean;
  readonly watch?: boolean;
  readonly settle: string;
  readonly dryRun?: boolean;
}

export async function share(path: string, options: ShareOptions, context: Context): Promise<void> {
  const { output, interrupt } = context;
  const wanted = readWanted(path, options, output, interrupt.signal);
  if (options.dryRun === true) return tellManifest((await createManifest(path, wanted)).document, output);
  const addresses = readTrackers(options, output);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const settleMs = readSeconds('--settle', options.settle) * 1000;
  const trackers = new Trackers(addresses, output);
  const enough = new Enough(options);
  const onEvent = (event: SessionEvent): void => {
    trackers.handle(event);
    enough.handle(event);
    const news = newsOf(event);
    if (news !== undefined) output.detail(news);
  };
  const links = await openOwnLinks(options);
  await using peer = await openPeer({ links, trackers: addresses, onEvent, ...readDiscovery(options) });
  let shared = await peer.share(wanted);
  output.liveDone();
  await using live = await openLive(options, shared.name, context);
  await trackers.firstUp(timeoutMs, interrupt.signal);
  using presence = new Presence(shared);
  const tell = (version: Share): void => {
    live?.watch(version, { self: peer.peer, role: 'owner', ...(wanted.limits && { limits: wanted.limits }) });
    presence.renew(version);
    tellShare(version, peer, output);
  };
  tell(shared);
  using _ticking = every(progressMs, () => {
    enough.look(shared.progress());
    showProgress(shared, output);
  });
  const over = new AbortController();
  using _following = { [Symbol.dispose]: () => over.abort() };
  const signal = AbortSignal.any([interrupt.signal, over.signal]);
  const following = options.watch === true ? changesOf(path, settleMs, signal) : [];
  const followed = (async (): Promise<void> => {
    for await (const _ of following) shared = await renew(shared, () => peer.share(wanted), tell, output);
  })();
  await Promise.race([interrupt.wait(), enough.met, presence.asked, followed.then(() => interrupt.wait())]);
  output.liveDone();
  const { sentBytes } = shared.progress();
  output.event({ event: 'closed', uploadedBytes: sentBytes, memoryBytes: memoryBytes() });
}

/** What is asked of the peer, for every version. */
export function readWanted(
  path: string,
  options: Pick<ShareOptions, 'chunkSize' | 'contentDefined' | 'watch' | keyof LimitOptions>,
  output: Output,
  signal: AbortSignal,
): PeerShareOptions {
  const chunkBytes = readChunkSize(options.chunkSize);
  return {
    path,
    // A version that follows another is to have most chunks of it.
    chunking: options.contentDefined === true || options.watch === true ? 'contentDefined' : 'fixed',
    limits: readLimits(options),
    signal,
    onHashed: (done, total) => output.live(`hashing ${formatBytes(done)} of ${formatBytes(total)}`),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  };
}

/** The version that is there now; the one before is served until then. */
async function renew(
  before: Share,
  shareNext: () => Promise<Share>,
  tell: (next: Share) => void,
  output: Output,
): Promise<Share> {
  try {
    const next = await shareNext();
    output.liveDone();
    tell(next);
    await before.close();
    return next;
  } catch (error) {
    output.liveDone();
    // The same as before, or still being written: the next change is waited for.
    if (!(error instanceof ShoalError) || error.code === 'aborted') throw error;
    if (error.code !== 'exists') output.say(`not yet: ${error.message}`);
    return before;
  }
}

function tellShare(shared: Share, peer: RunningPeer, output: Output): void {
  const { ticket, name, bytes, chunkCount: chunks } = shared;
  tellSkipped(shared, output);
  output.data(ticket);
  output.event({ event: 'sharing', ...describe(shared, peer) });
  output.say(`sharing ${name}: ${formatBytes(bytes)} in ${plural(chunks, 'chunk')}; Ctrl-C stops it`);
}

export function tellSkipped({ skipped }: Share, output: Output): void {
  for (const { path, reason } of skipped) output.say(`left out ${path}: ${reason}`);
}

/** As an event tells it. */
export function describe(shared: Share, { peer, address }: RunningPeer): Record<string, unknown> {
  const { ticket, swarm, name, bytes, chunkCount: chunks, fileCount: files } = shared;
  return { ticket, swarm, name, bytes, chunks, files, peer, address: formatAddress(address) };
}

export function showProgress(shared: Share, output: Output): void {
  const { sentBytes, sentBytesPerSecond, remoteCount } = shared.progress();
  output.event({ event: 'progress', uploadedBytes: sentBytes, peers: remoteCount });
  const amounts = [`${formatBytes(sentBytes)} sent`, formatRate(sentBytesPerSecond), plural(remoteCount, 'peer')];
  output.live([clip(escapeText(shared.name), nameColumnsMax), ...amounts].join('  '));
}
