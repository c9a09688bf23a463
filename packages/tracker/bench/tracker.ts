// Requests a second that one tracker answers on one core, decoding and encoding included and the network left out, with
// few and many peers in the table: the cost of a request must not grow with it.
// Run: node -C @shoal/source packages/tracker/bench/tracker.ts [peers...]

import { drain, instant, type LinkFact, linkId, peerId, requestId, seededRng } from '@shoal/machine';
import { encode, type FileOffer, type SwarmId, swarmId, type TrackerRequest } from '@shoal/wire';
import { MemoryTracker } from '../src/index.ts';

const now = instant(0);
const chunkCount = 1_000;
const peersPerSwarm = 100;
const roundMs = 500;

const swarmOf = (number: number): SwarmId => swarmId(number.toString(16).padStart(64, '0'))!;
const offerOf = (swarm: number): FileOffer => ({ name: `${swarm}`, bytes: 10 ** 8, chunkCount, swarm: swarmOf(swarm) });

/** A tracker with so many peers, `peersPerSwarm` to a swarm or all in one, each holding ten chunks. */
class Table {
  readonly #tracker: MemoryTracker;
  readonly #peers: number;
  readonly #swarms: number;
  readonly #rng = seededRng('bench');
  #requests = 0;

  constructor(peers: number, swarms: number) {
    this.#tracker = new MemoryTracker({ rng: this.#rng, config: { linksMax: peers } });
    this.#peers = peers;
    this.#swarms = swarms;
    for (let i = 0; i < peers; i += 1) {
      const peer = peerId(i.toString(16).padStart(64, '0'))!;
      const address = { host: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 4_000 };
      this.#tell({ type: 'linkOpened', link: linkId(i), peer, address });
      this.#ask(i, { type: 'register', port: 4_000, files: [offerOf(i % swarms)] });
      const chunks = Array.from({ length: 10 }, () => this.#rng.below(chunkCount));
      this.#ask(i, { type: 'chunkRegister', swarm: swarmOf(i % swarms), held: { chunks } });
    }
  }

  /** Requests a second of random peers. */
  rate(make: (swarm: SwarmId) => TrackerRequest): number {
    const askers = Array.from({ length: 1_000 }, () => this.#rng.below(this.#peers));
    const requests = askers.map((asker) => encode(make(swarmOf(asker % this.#swarms))));
    const start = performance.now();
    let asked = 0;
    for (; performance.now() - start < roundMs; asked += 1) {
      const i = asked % askers.length;
      this.#askBytes(askers[i]!, requests[i]!);
    }
    return (asked / (performance.now() - start)) * 1_000;
  }

  #ask(asker: number, request: TrackerRequest): void {
    this.#askBytes(asker, encode(request));
  }

  #askBytes(asker: number, message: Uint8Array): void {
    this.#requests += 1;
    this.#tell({ type: 'requestReceived', link: linkId(asker), request: requestId(this.#requests), message });
  }

  #tell(fact: LinkFact): void {
    this.#tracker.handleFact(fact, now);
    drain(this.#tracker);
  }
}

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 100_000];
const column = (value: number | string): string => String(value).padStart(14);
const print = (columns: readonly (number | string)[]): void =>
  void process.stdout.write(`${columns.map(column).join('')}\n`);

print(['peers', 'swarms', 'announce/s', 'chunks/s', 'locations/s', 'list/s', 'heap MB']);
for (const peers of sizes)
  for (const swarms of [Math.ceil(peers / peersPerSwarm), 1]) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const table = new Table(peers, swarms);
    globalThis.gc?.();
    const rates = [
      table.rate((swarm) => ({ type: 'announce', port: 4_000, want: 50, swarms: [{ swarm, held: 10 }] })),
      table.rate((swarm) => ({ type: 'chunkRegister', swarm, held: { chunks: [1, 2, 3] } })),
      table.rate((swarm) => ({ type: 'fileLocations', file: { swarm } })),
      table.rate(() => ({ type: 'fileList', filter: '', offset: 0 })),
    ].map((rate) => Math.round(rate));
    print([peers, swarms, ...rates, Math.round((process.memoryUsage().heapUsed - before) / 1e6)]);
  }
