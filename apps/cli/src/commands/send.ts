// `shoal send`: shares a file or folder under a short code. Whoever types it into `shoal receive` gets it, and helps those
// who come after; it ends on Ctrl-C, when so many as were asked for have it all, or when the code is of no more use and
// nobody is at it any more.

import { formatAddress, type PeerId, ShoalError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { type KeptCode, openPeer, type Share } from '@shoal/peer/node';
import { codeLifeMsMax, codeTriesMax } from '@shoal/wire';
import { openOwnLinks } from '../links.ts';
import { memoryBytes } from '../memory.ts';
import { readCount, readDiscovery, readSeconds, readTime } from '../options.ts';
import type { Output } from '../output.ts';
import type { Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { formatBytes, formatDuration } from '../text/units.ts';
import { every, progressMs } from '../ticks.ts';
import { readTrackers, Trackers } from '../trackers.ts';
import { describe, readWanted, type ShareOptions, showProgress, tellSkipped } from './share.ts';

const receiversMax = 1_000_000;

interface SendOptions extends Omit<ShareOptions, 'watch' | 'settle' | 'dryRun' | 'seedRatio' | 'copies'> {
  readonly receivers?: string;
  readonly expires: string;
  readonly tries: string;
  readonly qr?: boolean;
}

export async function send(path: string, options: SendOptions, { output, interrupt }: Context): Promise<void> {
  const addresses = readTrackers(options, output);
  const wanted = readWanted(path, options, output, interrupt.signal);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const lifeMs = readTime('--expires', options.expires, codeLifeMsMax);
  const triesMax = readCount('--tries', options.tries, [1, codeTriesMax]);
  const receivers = new Receivers(output, readReceivers(options.receivers));
  const trackers = new Trackers(addresses, output);
  const links = await openOwnLinks(options);
  const onEvent = (event: SessionEvent): void => {
    for (const listener of [trackers, receivers]) listener.handle(event);
  };
  await using peer = await openPeer({ links, trackers: addresses, onEvent, ...readDiscovery(options) });
  const shared = await peer.share(wanted);
  output.liveDone();
  tellSkipped(shared, output);
  await trackers.firstUp(timeoutMs, interrupt.signal);
  const kept = await peer.keepCode({ ticket: shared.ticket, triesMax, lifeMs });
  output.event({ event: 'sending', code: kept.code, ...describe(shared, peer), triesMax, lifeMs });
  await show(kept, shared, options, output);
  const guesses = plural(triesMax, 'wrong guess', 'wrong guesses');
  output.say(`${kept.code} is good for ${formatDuration(lifeMs)} and bears ${guesses}; Ctrl-C stops it`);
  using _ticking = every(progressMs, () => showProgress(shared, output));
  await Promise.race([interrupt.wait(), receivers.enough, receivers.allServed(kept.ended)]);
  output.liveDone();
  const { sentBytes } = shared.progress();
  const account = { uploadedBytes: sentBytes, receivers: receivers.count, memoryBytes: memoryBytes() };
  receivers.tell(interrupt.status() !== undefined);
  output.event({ event: 'closed', ...account });
}

const readReceivers = (text: string | undefined): number =>
  text === undefined ? Infinity : readCount('--receivers', text, [1, receiversMax]);

async function show({ code }: KeptCode, shared: Share, { tracker, qr }: SendOptions, output: Output): Promise<void> {
  const command = ['shoal receive', code, ...tracker.map((address) => `--tracker ${address}`)].join(' ');
  output.say(`${shared.name}, ${formatBytes(shared.bytes)}; on the other machines:\n\n  ${command}\n`);
  output.data(code);
  if (!output.isLive && qr !== true) return;
  const { renderUnicodeCompact } = await import('uqr');
  output.say(renderUnicodeCompact(command));
}

/** Who came with the code, and who has it all. */
class Receivers {
  readonly #output: Output;
  readonly #wanted: number;
  readonly #complete = new Set<PeerId>();
  /** Given the ticket, and neither complete nor gone. */
  readonly #atIt = new Set<PeerId>();
  readonly #enough = Promise.withResolvers<void>();
  readonly #idle = Promise.withResolvers<void>();
  #over: 'guessed' | 'expired' | undefined;

  constructor(output: Output, wanted: number) {
    this.#output = output;
    this.#wanted = wanted;
  }

  /** As many as were asked for have it all. */
  get enough(): Promise<void> {
    return this.#enough.promise;
  }

  /** The code is of no more use, and whoever was given the ticket has it all or has left. */
  async allServed(ended: KeptCode['ended']): Promise<void> {
    const why = await ended;
    if (why === 'closed') return;
    this.#over = why;
    const what = why === 'guessed' ? 'was guessed at too often' : 'has expired';
    const rest = this.#atIt.size > 0 ? '; those who are at it are served on' : '';
    this.#output.say(`the code ${what}: nobody else can use it${rest}`);
    this.#output.event({ event: 'codeEnded', reason: why });
    this.#look();
    await this.#idle.promise;
  }

  handle(event: SessionEvent): void {
    if (event.type === 'codeAccepted') {
      this.#atIt.add(event.peer);
      this.#output.event({ event: 'introduced', peer: event.peer, address: formatAddress(event.address) });
      this.#output.say(`${formatAddress(event.address)} has the code`);
    }
    if (event.type === 'codeGuessed') {
      const { triesLeft } = event;
      const address = formatAddress(event.address);
      this.#output.event({ event: 'guessed', peer: event.peer, address, triesLeft });
      this.#output.say(`${address} tried a wrong code; ${plural(triesLeft, 'try is', 'tries are')} left`);
    }
    if (event.type === 'remoteCompleted') this.#completed(event);
    if (event.type === 'linkDown' && this.#atIt.delete(event.peer)) this.#look();
  }

  get count(): number {
    return this.#complete.size;
  }

  /** What came of it; fails when nobody has it and the code is dead. */
  tell(isStopped: boolean): void {
    const { size } = this.#complete;
    if (size > 0) return this.#output.say(`${plural(size, 'receiver has', 'receivers have')} it all`);
    if (isStopped || this.#over === undefined) return;
    if (this.#over === 'guessed')
      throw new ShoalError(
        'authenticationFailed',
        'the code was guessed at too often, and nobody has it: send it anew',
      );
    throw new ShoalError('timedOut', 'the code expired, and nobody has it: send it anew');
  }

  #completed({ peer, address }: SessionEvent & { type: 'remoteCompleted' }): void {
    if (this.#complete.has(peer)) return;
    this.#complete.add(peer);
    this.#atIt.delete(peer);
    const { size } = this.#complete;
    this.#output.event({ event: 'received', peer, address: formatAddress(address), receivers: size });
    this.#output.say(`${formatAddress(address)} has it all (${plural(size, 'receiver')} so far)`);
    if (size >= this.#wanted) this.#enough.resolve();
    this.#look();
  }

  #look(): void {
    if (this.#over !== undefined && this.#atIt.size === 0) this.#idle.resolve();
  }
}
