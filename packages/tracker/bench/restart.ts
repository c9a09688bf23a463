// How long a tracker with a table in a file takes to be back: 1 million chunk locations, in three shapes.
// node -C @shoal/source packages/tracker/bench/restart.ts [locations]

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant, peerId, seededRng } from '@shoal/machine';
import { draftOffer, type DraftId, type FileOffer, packClaims, swarmId } from '@shoal/wire';
import { FileStore } from '../src/node/file/file-store.ts';

const locations = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'shoal-restart-'));
const now = instant(0);
const limits = { chunksBytesMax: 2 ** 31 };
const open = (path: string): FileStore => new FileStore({ path, rng: seededRng('restart'), now, limits });
const print = (...columns: readonly (number | string)[]): void =>
  void process.stdout.write(`${columns.map((column) => String(column).padStart(16)).join('')}\n`);

/** Keys in no order, as hashes are. */
const mixedKey = (number: number): string =>
  (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0') + number.toString(16).padStart(56, '0');

/** Peers that hold `each` chunks of one of the swarms, or claim them. */
async function fill(path: string, each: number, peersPerSwarm: number, isDraft: boolean): Promise<void> {
  const store = open(path);
  const peers = locations / each;
  const offerOf = (number: number): FileOffer =>
    isDraft
      ? draftOffer({ name: `draft-${number}`, bytes: 1_000, chunkBytes: 1 })!
      : {
          name: `file-${number}`,
          bytes: 10 ** 8,
          chunkCount: 1_000,
          swarm: swarmId(number.toString(16).padStart(64, '0'))!,
        };
  const begun = performance.now();
  for (let i = 0; i < peers; i += 1) {
    const peer = peerId(mixedKey(i))!;
    const offer = offerOf(Math.floor(i / peersPerSwarm));
    const address = { host: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 4_000 };
    const chunks = Array.from({ length: each }, (_, chunk) => (chunk * 7 + i) % 1_000);
    void store.register(peer, address, [offer], now);
    const told = isDraft
      ? store.claim(peer, offer.swarm as DraftId, packClaims(chunks, new Uint8Array(32 * each)), now)
      : store.hold(peer, offer.swarm, { chunks }, now);
    if (i % 100 === 99) await told; // a hundred in one turn of the loop
  }
  const seconds = (performance.now() - begun) / 1_000;
  await store.close();
  print('', `${Math.round(peers / seconds)} peers/s in`);
}

print('peers x chunks', 'in a swarm', 'file MB', 'restart s');
for (const [each, peersPerSwarm, isDraft] of [
  [100, 100, false],
  [10, 100, false],
  [1, 100, false],
  [100, 10, true],
] as const) {
  const path = join(folder, `${each}-${isDraft}.db`);
  await fill(path, each, peersPerSwarm, isDraft);
  const begun = performance.now();
  const store = open(path);
  const seconds = (performance.now() - begun) / 1_000;
  print(
    `${store.stats().peers} x ${each}${isDraft ? ' claims' : ''}`,
    peersPerSwarm,
    Math.round(statSync(path).size / 1e6),
    seconds.toFixed(2),
  );
  await store.close();
}
rmSync(folder, { recursive: true });
