// `shoal peer`: a peer of the classic ring. It gets some chunks from the owner and the others from its download neighbour,
// keeps each as a file of its own, serves whoever has it as a neighbour, and joins the file at the end.

import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Ticket } from '@shoal/chunker';
import { loadHashes, openChunkFolder, readSummary } from '@shoal/chunker/node';
import { type Address, formatAddress, type LinkPort, sameAddress, ShoalError, UsageError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { openPeer } from '@shoal/peer/node';
import { askTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import { isDraft } from '@shoal/wire';
import { tellActivity, WatchedLinks } from '../classic/activity.ts';
import { Callers, identityIn } from '../classic/own-folder.ts';
import { readPlace } from '../classic/places.ts';
import { type LimitOptions, readLimits } from '../limits.ts';
import { readListen, readSeconds } from '../options.ts';
import type { Output } from '../output.ts';
import type { CommonOptions, Context } from '../run.ts';
import { formatBytes, formatDuration } from '../text/units.ts';

interface PeerOptions extends CommonOptions, LimitOptions {
  readonly folder?: string;
  readonly output?: string;
  readonly timeout: string;
}

/** The three ports of the exercise. */
interface Ring {
  readonly owner: Address;
  readonly own: { readonly host: string; readonly port: number };
  readonly neighbour: Address;
}

const askAgainMs = 300;

function readRing(ownerText: string, ownText: string, neighbourText: string): Ring {
  const own = readListen('own', ownText);
  const owner = readPlace('owner', ownerText);
  const neighbour = readPlace('neighbour', neighbourText);
  const self = { ...own, host: own.host === '0.0.0.0' ? '127.0.0.1' : own.host };
  const problem = (whose: string): UsageError =>
    new UsageError(whose, `${formatAddress(self)} is this peer itself: a peer needs another one to ask`);
  if (sameAddress(neighbour, self)) throw problem('neighbour');
  if (sameAddress(owner, self)) throw problem('owner');
  return { owner, own, neighbour };
}

export async function peer(
  ownerText: string,
  ownText: string,
  neighbourText: string,
  options: PeerOptions,
  { output, interrupt }: Context,
): Promise<void> {
  const { owner, own, neighbour } = readRing(ownerText, ownText, neighbourText);
  const limits = readLimits(options);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const { signal } = interrupt;
  const folder = resolve(options.folder ?? `peer-${own.port}`);
  const keyPair = identityIn(folder);
  // Bound before anybody is asked, so that a port that is taken is said at once; who dials us meanwhile is heard later.
  await using bound = await openLinks({ ...own, keyPair });
  const links = new WatchedLinks(bound, (activity) => tellActivity(activity, output));
  const ticket = (await ticketIn(folder)) ?? (await askAround([owner, neighbour], { timeoutMs, signal, output }));
  const callers = new Callers(folder);
  const tellTrouble = troubleTeller(neighbour, output);
  const tellEvent = (event: SessionEvent): void => {
    if (event.type === 'remoteJoined' && ![owner, neighbour].some((known) => sameAddress(known, event.address)))
      callers.add(event.address);
    tellTrouble(event);
  };
  await using running = await openPeer({ links, discovery: false, onEvent: tellEvent });
  const destination = resolve(options.output ?? `${folder}/${ticket.name}`);
  output.event({ event: 'joining', peer: running.peer, address: formatAddress(running.address), name: ticket.name });
  const transfer = running.get(ticket, {
    destination,
    store: (document) => openChunkFolder({ document, folder, destination, signal }),
    policy: 'random',
    neighbours: { download: [owner, neighbour], callers: callers.addresses },
    seed: true,
    listed: true,
    limits,
    signal,
  });
  const { elapsedMs, heldBytes, chunkCount, remotes } = await transfer.done;
  const from = remotes
    .filter(({ receivedChunks }) => receivedChunks > 0)
    .map(({ address, receivedChunks }) => ({ address: formatAddress(address), chunks: receivedChunks }));
  output.event({ event: 'joined', path: destination, bytes: heldBytes, chunks: chunkCount, from });
  output.say(
    `joined ${chunkCount} chunks to ${destination}: ${formatBytes(heldBytes)} in ${formatDuration(elapsedMs)}`,
  );
  for (const { address, chunks } of from) output.say(`  ${chunks} chunks from ${address}`);
  output.say('serving its neighbour on; Ctrl-C stops it');
  await interrupt.wait();
  output.event({ event: 'closed', uploadedBytes: transfer.progress().sentBytes });
}

/** What the folder holds already, from an earlier run; undefined when it holds nothing. */
async function ticketIn(folder: string): Promise<Ticket | undefined> {
  const summary = readSummary(folder, await loadHashes());
  if (summary === undefined) return undefined;
  const { swarmId, manifest, layout } = summary.document;
  return { swarmId, name: manifest.name, bytes: layout.totalBytes, trackers: [], peers: [] };
}

interface Asking {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** What is handed round in the ring: the owner knows, and each peer that has begun. */
async function askAround(places: readonly Address[], { timeoutMs, signal, output }: Asking): Promise<Ticket> {
  await using asking = await openLinks();
  const until = performance.now() + timeoutMs;
  const where = places.map(formatAddress).join(' and ');
  for (let isFirst = true; ; isFirst = false) {
    const file = await firstFile(asking, places, Math.min(timeoutMs, 5_000), signal);
    if (file !== undefined) return file;
    if (performance.now() > until)
      throw new ShoalError('unreachable', `nobody answers at ${where}: check the ports, and start the owner first`);
    if (isFirst) output.say(`nobody answers at ${where} yet; asking on`);
    await wait(askAgainMs, undefined, { signal }).catch(() => {
      throw new ShoalError('aborted', 'stopped before anybody answered');
    });
  }
}

/** The first file that any of them lists; undefined when none does, or none is there. */
async function firstFile(
  asking: LinkPort,
  places: readonly Address[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Ticket | undefined> {
  const request = { type: 'fileList', filter: '', offset: 0 } as const;
  try {
    const { reply } = await askTracker(asking, places, request, { timeoutMs, signal });
    for (const { swarm, name, bytes } of reply.files)
      if (!isDraft(swarm)) return { swarmId: swarm, name, bytes, trackers: [], peers: [] };
    return undefined;
  } catch (error) {
    if (error instanceof ShoalError && error.code !== 'aborted') return undefined;
    throw error;
  }
}

/** Says what a person would want to know of besides the activities; that a neighbour is away, once each time. */
function troubleTeller(neighbour: Address, output: Output): (event: SessionEvent) => void {
  let isAway = false;
  return (event) => {
    if (event.type === 'dialFailed' && sameAddress(event.address, neighbour) && !isAway) {
      isAway = true;
      output.say(`the neighbour at ${formatAddress(neighbour)} does not answer; it is asked again and again meanwhile`);
    } else if (event.type === 'remoteJoined' && sameAddress(event.address, neighbour)) isAway = false;
    else if (event.type === 'chunkDamaged')
      output.say(`chunk ${event.chunk + 1} from ${formatAddress(event.address)} was damaged, and thrown away`);
    else if (event.type === 'paused') output.say(`waiting: ${event.code}`);
    else if (event.type === 'resumed') output.say('going on');
  };
}
