// @shoal/tracker as `shoal tracker --store memory` runs it, without the limits on what one host may have: all load comes
// from one machine.

import { type Instant, instant, type PeerId } from '@shoal/machine';
import { entropyRng } from '@shoal/machine/node';
import { MemoryStore } from '@shoal/tracker';
import { openTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import type { SwarmId } from '@shoal/wire';
import { largeFile, swarmHash, type Table } from '../contract.ts';
import { serve } from './server-process.ts';

const ttlMs = 3_600_000;
const unlimited = { links: Number.POSITIVE_INFINITY, requestsPerSecond: Number.POSITIVE_INFINITY };
const limits = { peersPerHostMax: Number.POSITIVE_INFINITY };

const store = new MemoryStore({ rng: entropyRng(), ttlMs, limits });
const links = await openLinks({ host: '127.0.0.1', port: 0 });
const tracker = openTracker({ links, ttlMs, store, config: { perPeer: unlimited, perHost: unlimited } });
const start: Instant = instant(0);
serve(tracker.address.port, fill);

function fill({ peers, swarms }: Table): void {
  for (let i = 0; i < peers; i += 1) register(i, `${i % swarms}`, 10, swarmHash(i % swarms, 64));
  for (let i = 0; i < largeFile.holders; i += 1) {
    const { name, chunkCount, swarm } = largeFile;
    const peer = register(2 ** 23 + i, name, chunkCount, swarm);
    const chunks = Array.from({ length: chunkCount / 2 }, (_, chunk) => (chunk * 2 + i) % chunkCount);
    store.hold(peer, swarm as SwarmId, { chunks }, start);
  }
}

function register(number: number, name: string, chunkCount: number, swarm: string): PeerId {
  const peer = swarmHash(number, 64) as PeerId;
  const address = { host: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`, port: 4_000 };
  store.register(peer, address, [{ name, bytes: 10 ** 6, chunkCount, swarm: swarm as SwarmId }], start);
  return peer;
}
