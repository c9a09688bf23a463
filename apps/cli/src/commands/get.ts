// `shoal get`: fetches what a ticket names from every peer that has chunks of it, and with --seed serves it on.

import type { Ticket } from '@shoal/chunker';
import { plan } from '@shoal/chunker/node';
import { formatAddress, ShoalError, UsageError } from '@shoal/machine';
import { choiceOf, type SessionEvent } from '@shoal/peer';
import { type GetOptions as PeerGetOptions, openPeer, type RunningPeer, type TransferReport } from '@shoal/peer/node';
import { findByName, type NamedContent } from '../by-name.ts';
import { Enough, type EnoughOptions } from '../enough.ts';
import { type LimitOptions, readLimits } from '../limits.ts';
import { openOwnLinks } from '../links.ts';
import { type LiveOptions, openLive } from '../live/options.ts';
import { Logbook } from '../logbook.ts';
import { fetchManifest, isTicket, readTicket } from '../manifests.ts';
import { memoryBytes } from '../memory.ts';
import { runOnComplete } from '../on-complete.ts';
import { type PeerOptions, readAddress, readDiscovery, readPsk, readSeconds } from '../options.ts';
import { Presence } from '../presence.ts';
import { Patience } from '../patience.ts';
import { passingPlace, pour } from '../pour.ts';
import { type CommonOptions, type Context, stoppedHalfWay } from '../run.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes } from '../text/units.ts';
import { every, progressMs } from '../ticks.ts';
import { Trackers } from '../trackers.ts';
import { TransferView } from '../transfer-view.ts';

export interface GetOptions extends CommonOptions, LimitOptions, PeerOptions, EnoughOptions, LiveOptions {
  readonly output?: string;
  readonly seed?: boolean;
  readonly update?: boolean;
  readonly check?: boolean;
  readonly select: readonly string[];
  readonly sequential?: boolean;
  readonly stdout?: boolean;
  readonly neighbour: readonly string[];
  readonly onComplete?: string;
  readonly dryRun?: boolean;
}

export async function get(text: string, options: GetOptions, context: Context): Promise<void> {
  checkOptions(options);
  const named = await readName(text, options, context.interrupt.signal);
  const ticket = named?.ticket ?? readTicket(text, options);
  const wished = { ...options, select: options.select.concat(named?.select ?? []) };
  if (options.dryRun === true) return tellWhatWould(ticket, wished, context);
  const trackers = new Trackers(ticket.trackers, context.output);
  await fetchFrom({ trackers, find: async () => ticket }, wished, context);
}

/** Where a ticket comes from, and what is to be done besides fetching. */
export interface Origin {
  readonly trackers: Trackers;
  readonly find: (peer: RunningPeer, patience: Patience) => Promise<Ticket>;
  readonly handle?: (event: SessionEvent) => void;
  /** It is complete, and served on. */
  readonly serving?: (peer: RunningPeer) => Promise<void>;
}

/** Finds a ticket and fetches what it names. */
export async function fetchFrom(origin: Origin, options: GetOptions, context: Context): Promise<void> {
  const { output, interrupt } = context;
  if (options.stdout === true && output.json)
    throw new UsageError('--stdout', 'writes content where --json writes events');
  const wanted = readWanted(options);
  const enough = new Enough(options);
  const { trackers } = origin;
  const view = new TransferView(output);
  using patience = new Patience(readSeconds('--timeout', options.timeout) * 1000);
  // Taken away after the peer has let go of it.
  await using passing = options.stdout === true ? await passingPlace('content') : undefined;
  const links = await openOwnLinks(options);
  await using peer = await openPeer({
    links,
    ...readDiscovery(options),
    onEvent(event) {
      for (const listener of [trackers, patience, view, enough]) listener.handle(event);
      origin.handle?.(event);
    },
  });
  output.event({ event: 'joining', peer: peer.peer, address: formatAddress(peer.address) });
  const ticket = await origin.find(peer, patience);
  const destination = options.output ?? passing?.path;
  const signal = AbortSignal.any([interrupt.signal, patience.signal]);
  const transfer = peer.get(ticket, { ...wanted, signal, ...(destination !== undefined && { destination }) });
  await using live = await openLive(options, ticket.name, context);
  live?.watch(transfer, { self: peer.peer, role: 'receiver', ...(wanted.limits && { limits: wanted.limits }) });
  const logbook = new Logbook();
  const show = (): void => {
    const progress = transfer.progress();
    patience.look(progress);
    view.show(progress);
    logbook.note(progress);
    if (progress.state === 'finished') enough.look(progress);
  };
  using _logging = { [Symbol.dispose]: () => logbook.note(transfer.progress(), true) };
  using _ticking = every(progressMs, show);
  const report = await ended(transfer, options).catch(async (error: unknown) => {
    await transfer.close(); // it may go on when only the reading of it has failed
    output.liveDone();
    if (interrupt.status() !== undefined) throw stoppedHalfWay(context);
    throw withFileHint(patience.explain(error, transfer, trackers), options);
  });
  if (report === undefined) return;
  show();
  output.liveDone();
  view.done(report, options.stdout !== true);
  if (options.onComplete !== undefined) await runOnComplete(options.onComplete, report);
  if (options.seed !== true) return;
  await origin.serving?.(peer);
  output.say('serving it on; Ctrl-C stops it');
  using presence = new Presence({ name: ticket.name, swarm: ticket.swarmId });
  await Promise.race([interrupt.wait(), enough.met, presence.asked]);
  output.event({ event: 'closed', uploadedBytes: transfer.progress().sentBytes, memoryBytes: memoryBytes() });
}

function readWanted(options: GetOptions): PeerGetOptions {
  const { select, sequential, seed = false, update = false } = options;
  const download = options.neighbour.map((address) => readAddress('--neighbour', address));
  return {
    ...(select.length > 0 && { select }),
    ...(sequential === true && { policy: 'sequential' }),
    ...(download.length > 0 && { neighbours: { download } }),
    seed,
    update,
    ...(options.check === true && { check: 'full' }),
    limits: readLimits(options),
  };
}

/** A wrong command line is told of before anything that is wrong with the ticket. */
function checkOptions(options: GetOptions): void {
  readWanted(options);
  readSeconds('--timeout', options.timeout);
}

/** What trackers list under a name, when it is no ticket. */
async function readName(text: string, options: GetOptions, signal: AbortSignal): Promise<NamedContent | undefined> {
  if (isTicket(text) || options.tracker.length === 0) return undefined;
  const trackers = options.tracker.map((address) => readAddress('--tracker', address));
  return findByName(text, trackers, { ...readPsk(options.pskFile), timeoutMs: 5_000, signal });
}

/** Whoever chose files there are not, or none where one is wanted, is told how to see them. */
function withFileHint(error: unknown, { select, stdout }: GetOptions): unknown {
  const isOfFiles = error instanceof ShoalError && error.code === 'notFound' && (select.length > 0 || stdout === true);
  if (!isOfFiles) return error;
  return new ShoalError('notFound', `${error.message}; --dry-run lists its files, --select chooses`, { cause: error });
}

/** Undefined when it went to standard output and nobody reads on. */
async function ended(
  transfer: ReturnType<RunningPeer['get']>,
  { stdout }: GetOptions,
): Promise<TransferReport | undefined> {
  if (stdout === true && (await pour(transfer.file().stream(), process.stdout)) === 'unread') return undefined;
  return transfer.done;
}

/** `--dry-run`: which files, and how much of them is not here. */
async function tellWhatWould(ticket: Ticket, options: GetOptions, context: Context): Promise<void> {
  const { output } = context;
  const document = await fetchManifest(ticket, options, context);
  const { manifest, layout, swarmId } = document;
  const isWanted = options.select.length > 0 ? choiceOf(options.select) : (): boolean => true;
  const files = manifest.files.filter(({ path }) => isWanted(path));
  if (files.length === 0) throw new ShoalError('notFound', `${manifest.name} has none of the files selected`);
  const path = options.output ?? manifest.name;
  const isUpdate = options.update === true;
  const bytes = isUpdate
    ? (await plan(path, document, { signal: context.interrupt.signal })).missingBytes
    : files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files) output.event({ event: 'file', path: file.path, bytes: file.bytes });
  output.event({
    event: 'wouldFetch',
    path,
    swarm: swarmId,
    files: files.length,
    bytes,
    totalBytes: layout.totalBytes,
  });
  output.data(formatTable([['file', 'size'], ...files.map((file) => [file.path, formatBytes(file.bytes)])]));
  output.say(`would fetch ${formatBytes(bytes)} of ${formatBytes(layout.totalBytes)} to ${path}`);
}
