// `shoal tracker`: who holds which chunk, for everybody who knows its address.

import { mkdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { formatAddress } from '@shoal/machine';
import { trackerDefaults } from '@shoal/tracker';
import { type LastingStore, openStore, openTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import type { Command } from 'commander';
import { memoryBytes } from '../memory.ts';
import { pskOption } from '../options.ts';
import { type Context, run } from '../run.ts';
import { every } from '../ticks.ts';
import { logEvent, openLog, StoreWatch } from '../operating/logs.ts';
import { loadManifestOf } from '../operating/manifest-of.ts';
import { metricsOf } from '../operating/metrics.ts';
import { readSettings, type TrackerOptions, type TrackerSettings } from '../operating/settings.ts';

const watchEveryMs = 500;
/** As many as the tracker takes, and some for those who are to be told that there are as many. */
const connectionsMax = trackerDefaults.linksMax + 1_024;

export const addTracker = (program: Command): Command =>
  program
    .command('tracker')
    .description('run a tracker; prints its address')
    .option('--listen <[host:]port>', 'where to listen; port 0 takes any that is free (default: 7070)')
    .option(
      '--store <name>',
      'where the table is kept: memory, file:PATH, or redis://HOST:PORT for several trackers with one table (default: a file in the state folder; memory with port 0)',
    )
    .option('--ttl <seconds>', 'forget a peer that has been silent this long (default: 60)')
    .option('--quorum <peers>', 'so many agree on the hash of a chunk before it is believed (default: 2)')
    .option('--public', 'for everybody (default)')
    .option('--private', 'only for those of --allow, of --psk-file, or of both')
    .option('--allow <file>', 'the identities that may use it, one a line')
    .option(...pskOption)
    .option('--http <[host:]port|off>', 'health, metrics and the table (default: on loopback, one port up)')
    .option('--config <file>', 'options by their names in JSON, such as { "ttl": 60 }; those given here come first')
    .option('--log-level <level>', 'debug tells of every peer (default: info)')
    .addHelpText('after', '\nExample:\n  shoal tracker --listen 7070 --store file:/var/lib/shoal/tracker.db')
    .action(async (options: TrackerOptions) => run(options, (context) => tracker(options, context)));

async function tracker(options: TrackerOptions, { output, interrupt }: Context): Promise<void> {
  const settings = readSettings(options);
  const { listen, ttlMs, admitted, psk } = settings;
  const log = await openLog(settings.logLevel);
  await using links = await openLinks({ ...listen, ...(psk && { psk }), config: { connectionsMax } });
  await using store = await openSettingsStore(settings);
  let storeFailures = 0;
  await using running = openTracker({
    links,
    ttlMs,
    store,
    config: admitted === undefined ? {} : { admits: (peer) => admitted.has(peer) },
    onEvent: (event) => {
      if (event.type === 'storeFailed') storeFailures += 1;
      logEvent(log, event);
    },
  });
  const numbers = {
    stats: () => running.stats(),
    get storeFailures() {
      return storeFailures;
    },
    get isStoreWell() {
      return store.trouble === undefined;
    },
  };
  const seen = { store, trouble: () => store.trouble, stats: numbers.stats, metrics: metricsOf(numbers) };
  // Loaded by trackers only: every other command would start later for it.
  await using http = settings.http && (await (await import('../operating/http.ts')).openHttp(seen, settings.http));
  const watch = new StoreWatch(log);
  using _watching = every(watchEveryMs, () => watch.look(store.trouble));

  const address = formatAddress({ host: reachableHost(listen.host), port: links.address.port });
  output.data(address);
  output.event({ event: 'listening', address, peer: links.peer, ...(http && { http: http.url }) });
  const where = settings.store.replace(/\/\/[^@/]*@/, '//'); // without a password
  log.info({ address, peer: links.peer, store: where, http: http?.url ?? 'off' }, 'the tracker is up; Ctrl-C stops it');
  await interrupt.wait();
  const stats = await running.stats().catch(() => undefined); // the store may be away
  output.event({ event: 'closed', memoryBytes: memoryBytes(), ...stats });
  log.info('the tracker stops');
}

async function openSettingsStore({ store, ttlMs, quorum }: TrackerSettings): Promise<LastingStore> {
  if (store.startsWith('file:')) await mkdir(dirname(store.slice(5)), { recursive: true }).catch(() => undefined); // opening it says why
  return openStore(store, { ttlMs, quorum, manifestOf: await loadManifestOf() });
}

/** What to tell others: the address bound, or when that is "every interface" the first one that leaves this machine. */
function reachableHost(bound: string): string {
  if (bound !== '0.0.0.0' && bound !== '::') return bound;
  const candidates = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = candidates.find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? '127.0.0.1';
}
