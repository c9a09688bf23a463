// What a command knows of its trackers: whether one has answered, and whether the person was told of one that does not.

import { type Address, formatAddress, ShoalError, UsageError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { readAddress } from './options.ts';
import type { Output } from './output.ts';

/** Those that were named; nobody could be found without one and without the local network. */
export function readTrackers(
  { tracker, discovery }: { readonly tracker: readonly string[]; readonly discovery: boolean },
  output: Output,
): Address[] {
  if (tracker.length > 0) return tracker.map((address) => readAddress('--tracker', address));
  if (!discovery)
    throw new UsageError('--tracker', 'name a tracker: with --no-discovery there is no other way to be found');
  output.say('without --tracker it is found on the local network only');
  return [];
}

export class Trackers {
  readonly #addresses: readonly Address[];
  readonly #output: Output;
  readonly #up = Promise.withResolvers<void>();
  readonly #down = new Set<string>();
  #everUp = false;

  constructor(addresses: readonly Address[], output: Output) {
    this.#addresses = addresses;
    this.#output = output;
  }

  /** Takes the events of a peer; others than a tracker's are none of its business. */
  handle(event: SessionEvent): void {
    if (event.type === 'trackerUp') {
      this.#up.resolve();
      this.#everUp = true;
      const where = formatAddress(event.tracker);
      if (this.#down.delete(where)) this.#output.say(`the tracker at ${where} answers again`);
    } else if (event.type === 'trackerDown') this.#sayDown(formatAddress(event.tracker));
  }

  /** Resolves when one answers, or there is none; otherwise fails after `timeoutMs` with `trackerUnreachable`. */
  async firstUp(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#addresses.length === 0) return;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(this.#unreachable()), timeoutMs);
    const abort = (): void => reject(new ShoalError('aborted', 'stopped before a tracker answered'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#up.promise, promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** The error to tell when none has ever answered; undefined when one has, or there is none. */
  trouble(): ShoalError | undefined {
    return this.#everUp || this.#addresses.length === 0 ? undefined : this.#unreachable();
  }

  #unreachable(): ShoalError {
    const all = this.#addresses.map(formatAddress).join(', ');
    return new ShoalError(
      'trackerUnreachable',
      `no tracker answers at ${all}: check the address, and that \`shoal tracker\` runs there`,
    );
  }

  #sayDown(where: string): void {
    if (this.#down.has(where)) return;
    this.#down.add(where);
    this.#output.say(`the tracker at ${where} does not answer; it is asked again and again meanwhile`);
  }
}
