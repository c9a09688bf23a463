// The numbers of a running tracker as Prometheus reads them. They are asked for when somebody looks.

import type { StoreStats, TrackerStats } from '@shoal/tracker';

export interface MetricsSource {
  stats(): Promise<TrackerStats & StoreStats>;
  readonly storeFailures: number;
  readonly isStoreWell: boolean;
}

/** prom-client is loaded when the first scrape comes. */
export function metricsOf(source: MetricsSource): () => Promise<{ type: string; text: string }> {
  let opened: ReturnType<typeof openRegistry> | undefined;
  return async () => {
    opened ??= openRegistry(source);
    const registry = await opened;
    return { type: registry.contentType, text: await registry.metrics() };
  };
}

async function openRegistry(source: MetricsSource) {
  const { Counter, Gauge, Registry, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const [links, peers, files, well] = [
    new Gauge({ name: 'shoal_tracker_links', help: 'Links open now', registers }),
    new Gauge({ name: 'shoal_tracker_peers', help: 'Peers known now', registers }),
    new Gauge({ name: 'shoal_tracker_files', help: 'Files listed now', registers }),
    new Gauge({ name: 'shoal_tracker_store_up', help: '1 while the store keeps what is accepted', registers }),
  ];
  const [answered, refused, failed] = [
    new Counter({ name: 'shoal_tracker_requests_total', help: 'Requests answered', labelNames: ['type'], registers }),
    new Counter({ name: 'shoal_tracker_refusals_total', help: 'What was refused', labelNames: ['reason'], registers }),
    new Counter({ name: 'shoal_tracker_store_failures_total', help: 'Calls the store failed', registers }),
  ];
  const collect = async (): Promise<void> => {
    well.set(source.isStoreWell ? 1 : 0);
    failed.reset();
    failed.inc(source.storeFailures);
    const stats = await source.stats().catch(() => undefined); // with its store away a tracker still tells the rest
    if (stats === undefined) return;
    links.set(stats.links);
    peers.set(stats.peers);
    files.set(stats.files);
    answered.reset();
    for (const [type, count] of Object.entries(stats.answered)) answered.inc({ type }, count);
    refused.reset();
    for (const [reason, count] of Object.entries(stats.refused)) refused.inc({ reason }, count);
  };
  return {
    contentType: registry.contentType,
    metrics: async (): Promise<string> => {
      await collect();
      return registry.metrics();
    },
  };
}
