// Fills a table in memory from the rows in a file: they become the calls that led to them.

import type { DatabaseSync } from 'node:sqlite';
import { type Instant, type PeerId, toHex } from '@shoal/machine';
import { type DraftId, type FileOffer, isDraft, packClaims, type SwarmId } from '@shoal/wire';
import type { MemoryStore } from '../../memory/memory-store.ts';

/** Everybody counts as heard of at `now`. What `store` has no room for is left out, as it would be refused. */
export function loadTables(database: DatabaseSync, store: MemoryStore, now: Instant): void {
  for (const [swarm, derived, hashes] of rows<[DraftId, SwarmId, Uint8Array]>(database, 'SELECT * FROM pins'))
    store.pin(swarm, derived, hashes);
  const offers = loadOffers(database);
  loadPeers(database, store, offers, now);
  loadClaims(database, store, offers, now);
  for (const { swarm } of offers.values()) if (isDraft(swarm)) store.derive(swarm);
}

function loadOffers(database: DatabaseSync): ReadonlyMap<number, FileOffer> {
  type Row = [number, FileOffer['swarm'], string, number, number];
  const offers = new Map<number, FileOffer>();
  for (const [id, swarm, name, bytes, chunkCount] of rows<Row>(database, 'SELECT * FROM files'))
    offers.set(id, { name, bytes, chunkCount, swarm });
  return offers;
}

/** Peer by peer with all that it is listed for: both tables stand in the order of peers. */
function loadPeers(
  database: DatabaseSync,
  store: MemoryStore,
  offers: ReadonlyMap<number, FileOffer>,
  now: Instant,
): void {
  type Row = [number, Uint8Array, string, number, number | null, Uint8Array | null];
  const all = rows<Row>(
    database,
    `SELECT id, key, host, port, file, held FROM peers LEFT JOIN members ON members.peer = peers.id ORDER BY id`,
  );
  for (const group of runs(all, (row, first) => row[0] === first[0])) {
    const [, key, host, port] = group[0]!;
    const peer = toHex(key) as PeerId;
    const files = group.flatMap(([, , , , file]) => (file === null ? [] : [offers.get(file)!]));
    store.register(peer, { host, port }, files, now);
    for (const [, , , , file, held] of group)
      if (held !== null) store.hold(peer, offers.get(file!)!.swarm, { bits: held }, now);
  }
}

function loadClaims(
  database: DatabaseSync,
  store: MemoryStore,
  offers: ReadonlyMap<number, FileOffer>,
  now: Instant,
): void {
  type Row = [Uint8Array, number, number, Uint8Array, number];
  const all = rows<Row>(
    database,
    'SELECT key, file, chunk, hash, peer FROM claims CROSS JOIN peers ON peers.id = claims.peer',
  );
  for (const group of runs(all, (row, first) => row[4] === first[4] && row[1] === first[1])) {
    const [key, file] = group[0]!;
    const hashes = new Uint8Array(group.length * 32);
    for (const [i, [, , , hash]] of group.entries()) hashes.set(hash, i * 32);
    const chunks = group.map(([, , chunk]) => chunk);
    store.claim(toHex(key) as PeerId, offers.get(file)!.swarm as DraftId, packClaims(chunks, hashes), now);
  }
}

function rows<Row extends unknown[]>(database: DatabaseSync, sql: string): Iterable<Row> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement.iterate() as Iterable<unknown> as Iterable<Row>;
}

/** Neighbours that belong together, as the first of them says. */
function* runs<Row>(all: Iterable<Row>, belongs: (row: Row, first: Row) => boolean): Generator<Row[]> {
  let run: Row[] = [];
  for (const row of all) {
    if (run.length > 0 && !belongs(row, run[0]!)) {
      yield run;
      run = [];
    }
    run.push(row);
  }
  if (run.length > 0) yield run;
}
