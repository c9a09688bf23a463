// `shoal get`: fetches what a ticket names from every peer that has chunks of it, and with --seed serves it on.

import { formatAddress, ShoalError, UsageError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { openPeer, type TransferProgress, type TransferReport } from '@shoal/peer/node';
import { openLinks } from '@shoal/transport-udp/node';
import { parseTicket, type Ticket } from '@shoal/chunker';
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
import { Logbook } from '../logbook.ts';
import { memoryBytes } from '../memory.ts';
import type { Output } from '../output.ts';
import { passingPlace, pour } from '../pour.ts';
import {
  collect,
  noDiscoveryOption,
  pskOption,
  readDiscovery,
  readAddress,
  readListen,
  readPsk,
  readSeconds,
} from '../options.ts';
import { type CommonOptions, type Context, run } from '../run.ts';
import { Patience } from '../patience.ts';
import { formatProgress } from '../text/bar.ts';
import { formatHoldups } from '../text/holdups.ts';
import { formatBytes, formatDuration, formatRate } from '../text/units.ts';
import { every, progressMs } from '../ticks.ts';
import { Trackers } from '../trackers.ts';

interface GetOptions extends CommonOptions, LimitOptions, LiveOptions {
  readonly pskFile?: string;
  readonly output?: string;
  readonly tracker: readonly string[];
  readonly peer: readonly string[];
  readonly listen: string;
  readonly timeout: string;
  readonly seed?: boolean;
  readonly update?: boolean;
  readonly check?: boolean;
  readonly select: readonly string[];
  readonly sequential?: boolean;
  readonly stdout?: boolean;
  readonly neighbour: readonly string[];
  readonly discovery: boolean;
}

export const addGet = (program: Command): Command =>
  program
    .command('get')
    .description('fetch what a ticket names, from every peer that has chunks of it')
    .argument('<ticket>', 'the shoal: link that `shoal share` printed')
    .option('-o, --output <path>', 'the file or folder to make; by default the name in the ticket, here')
    .option('--update', 'what is there is an older version: fetch only what changed, then take its place')
    .option('--check', 'read and verify all that an earlier try left, not only what was changed since')
    .option(
      '--select <pattern>',
      'only files like this, such as *.jpg or a folder; may be given several times',
      collect,
      [],
    )
    .option('--sequential', 'fetch what comes first in the content first')
    .option('--stdout', 'write the one file to standard output as it arrives; kept only with --output')
    .option('--seed', 'keep serving when it is complete, until Ctrl-C')
    .option('--tracker <host:port>', 'one more tracker to ask; may be given several times', collect, [])
    .option('--peer <host:port>', 'a peer to ask directly; may be given several times', collect, [])
    .option(
      '--neighbour <host:port>',
      'ask this peer, and no others or trackers; may be given several times',
      collect,
      [],
    )
    .option(...noDiscoveryOption)
    .option('--listen <[host:]port>', 'where to listen; port 0 takes any that is free', '0')
    .option(...pskOption)
    .option('--timeout <seconds>', 'give up when nothing has come for this long', '60')
    .addOption(limitUp)
    .addOption(limitDown)
    .addOption(viewOption)
    .addOption(recordOption)
    .addOption(noOpenOption)
    .addOption(withHappeningsOption)
    .addHelpText('after', "\nExample:\n  shoal get 'shoal:…' -o ./copy --seed")
    .action(async (ticket: string, options: GetOptions) => run(options, (context) => get(ticket, options, context)));

async function get(text: string, options: GetOptions, context: Context): Promise<void> {
  const { output, interrupt } = context;
  const limits = readLimits(options);
  if (options.stdout === true && output.json)
    throw new UsageError('--stdout', 'writes content where --json writes events');
  const ticket = readTicket(text, options);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const listen = readListen('--listen', options.listen);
  const trackers = new Trackers(ticket.trackers, output);
  using patience = new Patience(timeoutMs);
  // Taken away after the peer has let go of it.
  await using passing = options.stdout === true ? await passingPlace(ticket.name) : undefined;
  const links = await openLinks({ ...listen, ...readPsk(options.pskFile) });
  await using peer = await openPeer({
    links,
    ...readDiscovery(options),
    onEvent(event) {
      trackers.handle(event);
      patience.handle(event);
      tellEvent(event, output);
    },
  });
  output.event({ event: 'joining', peer: peer.peer, address: formatAddress(peer.address) });
  const destination = options.output ?? passing?.path;
  const download = options.neighbour.map((address) => readAddress('--neighbour', address));
  const transfer = peer.get(ticket, {
    ...(options.select.length > 0 && { select: options.select }),
    ...(options.sequential === true && { policy: 'sequential' }),
    ...(download.length > 0 && { neighbours: { download } }),
    seed: options.seed === true,
    update: options.update === true,
    ...(options.check === true && { check: 'full' }),
    limits,
    signal: AbortSignal.any([interrupt.signal, patience.signal]),
    ...(destination !== undefined && { destination }),
  });
  await using live = await openLive(options, ticket.name, context);
  live?.watch(transfer, { self: peer.peer, role: 'receiver', limits });
  const pouring = options.stdout === true ? pour(transfer.file().stream(), process.stdout) : undefined;
  const logbook = new Logbook();
  const show = (): void => {
    patience.look(transfer.progress());
    showProgress(transfer.progress(), output);
    logbook.note(transfer.progress());
  };
  using _logging = { [Symbol.dispose]: () => logbook.note(transfer.progress(), true) };
  using _ticking = every(progressMs, show);
  const ended = async (): Promise<TransferReport | undefined> =>
    (await pouring) === 'unread' ? undefined : transfer.done;
  const report = await ended().catch((error: unknown) => {
    output.liveDone();
    throw patience.explain(error, transfer, trackers);
  });
  if (report === undefined) return;
  show();
  output.liveDone();
  tellDone(report, output, options.stdout === true);
  if (options.seed !== true) return;
  output.say('serving it on; Ctrl-C stops it');
  await interrupt.wait();
}

function readTicket(text: string, { tracker, peer }: GetOptions): Ticket {
  const parsed = parseTicket(text);
  if (!parsed.ok) throw new ShoalError('ticketInvalid', parsed.detail);
  const { trackers, peers } = parsed.value;
  return {
    ...parsed.value,
    trackers: [...trackers, ...tracker.map((address) => readAddress('--tracker', address))],
    peers: [...peers, ...peer.map((address) => readAddress('--peer', address))],
  };
}

/** What a person or a script would want to know at once; the rest is in the progress. */
function tellEvent(event: SessionEvent, output: Output): void {
  switch (event.type) {
    case 'storeReady':
      output.event({ event: 'resumed', heldBytes: event.heldBytes, totalBytes: event.totalBytes });
      if (event.heldBytes > 0) output.say(`going on: ${formatBytes(event.heldBytes)} are here already`);
      return;
    case 'remoteStruck':
      output.event({ event: 'struck', peer: event.peer, offence: event.offence, banned: event.banned });
      if (event.banned) output.say(`${formatAddress(event.address)} is banned: ${event.offence}`);
      return;
    case 'paused':
      output.event({ event: 'paused', code: event.code });
      return output.say(event.code === 'diskFull' ? 'the disk is full; waiting for room' : `paused: ${event.code}`);
    case 'resumed':
      output.event({ event: 'unpaused' });
      return output.say('going on');
    default:
  }
}

function showProgress(progress: TransferProgress, output: Output): void {
  const { wantedBytes: totalBytes, missingBytes, receivedBytes, sentBytes } = progress;
  const { receivedBytesPerSecond, remoteCount } = progress;
  const heldBytes = totalBytes - missingBytes;
  const rate = { heldBytes, totalBytes, bytesPerSecond: receivedBytesPerSecond, peers: remoteCount };
  output.event({ event: 'progress', ...rate, downloadedBytes: receivedBytes, uploadedBytes: sentBytes });
  if (progress.state === 'finding') output.live(`looking for peers (${remoteCount} found)`);
  if (progress.state === 'fetching') output.live(formatProgress(rate));
}

function tellDone(report: TransferReport, output: Output, isPoured: boolean): void {
  const { destination, wantedBytes, resumedBytes, wastedBytes, elapsedMs, holdups, remotes } = report;
  const from = remotes
    .filter(({ receivedBytes }) => receivedBytes > 0)
    .map(({ peer, address, receivedBytes }) => ({ peer, address: formatAddress(address), bytes: receivedBytes }));
  const account = { resumedBytes, wastedBytes, elapsedMs, holdups, memoryBytes: memoryBytes() };
  output.event({ event: 'done', path: destination, bytes: wantedBytes, from, ...account });
  if (!isPoured) output.data(destination);
  const fetched = Math.max(0, wantedBytes - resumedBytes);
  const rate = formatRate(fetched / Math.max(0.001, elapsedMs / 1000));
  output.say(`${formatBytes(fetched)} in ${formatDuration(elapsedMs)} (${rate}), verified, from ${from.length} peers:`);
  for (const { address, bytes } of from) output.say(`  ${address.padEnd(22)} ${formatBytes(bytes)}`);
  const wentTo = formatHoldups(holdups);
  if (wentTo !== '') output.say(`the time went to: ${wentTo}`);
}
