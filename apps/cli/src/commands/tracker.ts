// `shoal tracker`: who holds which chunk, for everybody who knows its address.

import { networkInterfaces } from 'node:os';
import { formatAddress } from '@shoal/machine';
import { openTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import type { Command } from 'commander';
import { memoryBytes } from '../memory.ts';
import { readListen, readSeconds } from '../options.ts';
import { type CommonOptions, type Context, run } from '../run.ts';

interface TrackerOptions extends CommonOptions {
  readonly listen: string;
  readonly ttl: string;
}

export const addTracker = (program: Command): Command =>
  program
    .command('tracker')
    .description('run a tracker; prints its address')
    .option('--listen <[host:]port>', 'where to listen; port 0 takes any that is free', '7070')
    .option('--ttl <seconds>', 'forget a peer that has been silent this long', '60')
    .addHelpText('after', '\nExample:\n  shoal tracker --listen 7070')
    .action(async (options: TrackerOptions) => run(options, (context) => tracker(options, context)));

async function tracker(options: TrackerOptions, { output, interrupt }: Context): Promise<void> {
  const listen = readListen('--listen', options.listen);
  const ttlMs = readSeconds('--ttl', options.ttl) * 1000;
  await using links = await openLinks(listen);
  await using running = openTracker({ links, ttlMs });
  const address = formatAddress({ host: reachableHost(listen.host), port: links.address.port });
  output.data(address);
  output.event({ event: 'listening', address, peer: links.peer });
  output.say(`tracker at ${address}; Ctrl-C stops it`);
  await interrupt.wait();
  const stats = await running.stats();
  output.event({ event: 'closed', memoryBytes: memoryBytes(), ...stats });
}

/** What to tell others: the address bound, or when that is "every interface" the first one that leaves this machine. */
function reachableHost(bound: string): string {
  if (bound !== '0.0.0.0' && bound !== '::') return bound;
  const candidates = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = candidates.find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? '127.0.0.1';
}
