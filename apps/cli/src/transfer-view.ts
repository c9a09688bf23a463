// How `shoal get` shows a transfer: while it runs, what happens to it, and what became of it.

import { formatAddress } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import type { TransferProgress, TransferReport } from '@shoal/peer/node';
import { Limiting } from './limiting.ts';
import { memoryBytes } from './memory.ts';
import type { Output } from './output.ts';
import { PeakRate } from './peak-rate.ts';
import { newsOf } from './text/news.ts';
import { formatProgress } from './text/progress.ts';
import { boundMs, formatSummary } from './text/summary.ts';
import { formatBytes } from './text/units.ts';

export class TransferView {
  readonly #output: Output;
  readonly #limiting = new Limiting();
  readonly #best = new PeakRate();

  constructor(output: Output) {
    this.#output = output;
  }

  /** What a person or a script would want to know at once; the rest is in the progress. */
  handle(event: SessionEvent): void {
    const output = this.#output;
    const news = newsOf(event);
    if (news !== undefined) output.detail(news);
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
        return output.say(
          event.code === 'diskFull' ? 'the disk is full: it goes on when there is room' : `paused: ${event.code}`,
        );
      case 'resumed':
        output.event({ event: 'unpaused' });
        return output.say('going on');
      default:
    }
  }

  show(progress: TransferProgress): void {
    const { name, state, wantedBytes: totalBytes, missingBytes, receivedBytes, sentBytes, elapsedMs } = progress;
    const heldBytes = totalBytes - missingBytes;
    const { receivedBytesPerSecond: bytesPerSecond, remoteCount: peers } = progress;
    const limit = this.#limiting.look(progress);
    this.#best.add(elapsedMs, receivedBytes);
    const moment = { heldBytes, totalBytes, bytesPerSecond, peers };
    const moved = { downloadedBytes: receivedBytes, uploadedBytes: sentBytes };
    this.#output.event({ event: 'progress', ...moment, ...moved, ...(limit !== undefined && { limit }) });
    if (state === 'finding') this.#output.live(`looking for peers (${peers} found)`);
    if (state === 'fetching') this.#output.live(formatProgress({ name, limit, ...moment }, this.#output.columns));
  }

  /** `isKept` when there is a place to name. */
  done(report: TransferReport, isKept: boolean): void {
    const output = this.#output;
    const { destination, wantedBytes, resumedBytes, wastedBytes, elapsedMs, holdups, remotes } = report;
    const finished = { report, bestBytesPerSecond: this.#best.bytesPerSecond };
    const bound = boundMs(finished);
    const from = remotes
      .filter(({ receivedBytes }) => receivedBytes > 0)
      .map(({ peer, address, receivedBytes }) => ({ peer, address: formatAddress(address), bytes: receivedBytes }));
    const account = { resumedBytes, wastedBytes, elapsedMs, holdups, memoryBytes: memoryBytes() };
    const ratio = bound === undefined || bound === 0 ? {} : { boundMs: bound };
    output.event({ event: 'done', path: destination, bytes: wantedBytes, from, ...account, ...ratio });
    if (isKept) output.data(destination);
    output.say(formatSummary(finished, output.columns));
  }
}
