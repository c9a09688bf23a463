// `shoal tracker`: who holds which chunk, for everybody who knows its address.

import { mkdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { formatAddress } from '@shoal/machine';
import { trackerDefaults } from '@shoal/tracker';
import { type LastingStore, openStore, openTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import { memoryBytes } from '../memory.ts';
import type { Context } from '../run.ts';
import { every } from '../ticks.ts';
import { logEvent, openLog, StoreWatch } from '../operating/logs.ts';
import { loadManifestOf } from '../operating/manifest-of.ts';
import { metricsOf } from '../operating/metrics.ts';
import { readSettings, type TrackerOptions, type TrackerSettings } from '../operating/settings.ts';

const watchEveryMs = 500;
/** As many as the tracker takes, and some for those who are to be told that there are as many. */
const connectionsMax = trackerDefaults.linksMax + 1_024;

export async function tracker(options: TrackerOptions, { output, interrupt }: Context): Promise<void> {
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
