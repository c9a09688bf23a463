// `shoal receive`: fetches what somebody sends, by its short code; with --seed serves it on and answers for the code.

import { formatAddress, ShoalError, UsageError } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { parseCode } from '@shoal/peer/introduction';
import type { FoundTicket } from '@shoal/peer/node';
import { readText } from '../options.ts';
import type { Patience } from '../patience.ts';
import type { Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { readTrackers, Trackers } from '../trackers.ts';
import { fetchFrom, type GetOptions, type Origin } from './get.ts';

export async function receive(
  typed: string | undefined,
  options: Omit<GetOptions, 'peer' | 'select' | 'neighbour'>,
  context: Context,
): Promise<void> {
  const { output, interrupt } = context;
  const code = readCode(typed);
  const addresses = readTrackers(options, output);
  const trackers = new Trackers(addresses, output);
  let found: FoundTicket | undefined;
  let foundAt = 0;
  const origin: Origin = {
    trackers,
    async find(peer, patience) {
      output.live(`looking for who sends ${code}`);
      const signal = AbortSignal.any([interrupt.signal, patience.signal]);
      found = await peer.useCode(code, { trackers: addresses, signal }).catch((error: unknown) => {
        throw explain(error, code, patience, trackers);
      });
      foundAt = performance.now();
      patience.renew();
      const { from, ticket } = found;
      output.event({ event: 'found', address: formatAddress(from), name: ticket.name, bytes: ticket.bytes });
      output.say(`${formatAddress(from)} sends ${ticket.name}`);
      return { ...ticket, trackers: [...ticket.trackers, ...addresses] };
    },
    handle(event: SessionEvent) {
      if (event.type === 'remoteJoined') found?.close(); // the link serves on in the swarm
      if (event.type !== 'codeRefused') return;
      const { triesLeft } = event;
      const address = formatAddress(event.address);
      output.event({ event: 'codeRefused', address, triesLeft });
      output.say(`${address} says that the code is wrong; ${plural(triesLeft, 'try is', 'tries are')} left there`);
    },
    async serving(peer) {
      const { link, triesLeft, lifeMs } = found!;
      const restMs = Math.floor(lifeMs - (performance.now() - foundAt));
      if (restMs < 1 || triesLeft < 1) return;
      await peer.keepCode({ code, ticket: link, triesMax: triesLeft, lifeMs: restMs, trackers: addresses });
      output.event({ event: 'answering', code });
      output.say(`answering for ${code} too: the sender may leave`);
    },
  };
  await fetchFrom(origin, { ...options, peer: [], select: [], neighbour: [] }, context);
}

/** Given as an argument, it can be read by others on this machine; on stdin or in the variable it cannot. */
function readCode(typed = process.env['SHOAL_CODE']): string {
  if (typed === undefined || typed === '')
    throw new UsageError('code', 'type what `shoal send` printed, such as 4821-coral-walnut');
  const parsed = parseCode(typed === '-' ? readText('code', '-') : typed);
  if (!parsed.ok) throw new UsageError('code', parsed.detail);
  return parsed.code.text;
}

/** Nobody came to be asked, as long as we had patience. */
function explain(error: unknown, code: string, patience: Patience, trackers: Trackers): unknown {
  if (!patience.signal.aborted) return error;
  return (
    trackers.trouble() ??
    new ShoalError(
      'notFound',
      `nobody answers for ${code}: see that the number is right, and that \`shoal send\` still runs there`,
    )
  );
}
