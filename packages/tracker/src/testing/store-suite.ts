// What every TrackerStore must do, as checks that need no test framework: each throws when a promise is broken.
// Run them one by one with `check(openMyStore)`.

import { Bitfield, type Instant, instant, invariant, seededRng } from '@shoal/machine';
import {
  contactsIn,
  type FileOffer,
  filesPerPageMax,
  type Holder,
  holdersIn,
  holdersMax,
  type PeerContact,
  type SwarmId,
  swarmId,
} from '@shoal/wire';
import { storeTermsDefaults, type TrackerStore } from '../store.ts';
import { claimChecks } from './claim-checks.ts';
import { NaiveStore } from './naive-store.ts';
import { address, type OpenStore, peer, same, start, type StoreCheck, ttlMs } from './store-check.ts';

const swarm = (number: number): SwarmId => swarmId(number.toString(16).padStart(64, 'f'))!;
const offer = (number: number, chunkCount = 20): FileOffer => ({
  name: `file-${number}`,
  bytes: chunkCount * 1_000,
  chunkCount,
  swarm: swarm(number),
});

/** A store with peers 0 to `count - 1` registered for file 0. */
async function crowd(open: OpenStore, count: number): Promise<TrackerStore> {
  const store = await open(terms);
  for (let i = 0; i < count; i += 1) await store.register(peer(i), address(i), [offer(0)], start);
  return store;
}

const terms = { ...storeTermsDefaults, ttlMs };
const all = (chunkCount: number): { bits: Uint8Array } => ({ bits: Bitfield.full(chunkCount).toBytes() });

async function registersAndLists(open: OpenStore): Promise<void> {
  const store = await open(terms);
  same(await store.register(peer(1), address(1), [offer(1), offer(2)], start), [null, null], 'register');
  same(await store.register(peer(1), address(1), [offer(1)], start), [null], 'register again');
  const listed = await store.list('', 0, filesPerPageMax);
  same(listed.total, 2, 'files');
  same(listed.files[0], { ...offer(1), seeders: 0, leechers: 1 }, 'listing');
  same(await store.stats(), { peers: 1, files: 2 }, 'stats');
}

async function tellsSwarmsApart(open: OpenStore): Promise<void> {
  const store = await crowd(open, 1);
  same(await store.register(peer(1), address(1), [{ ...offer(0), bytes: 1 }], start), ['mismatch'], 'other size');
  same(await store.register(peer(1), address(1), [{ ...offer(0), chunkCount: 1 }], start), ['mismatch'], 'other cut');
  const twin = { ...offer(1), name: offer(0).name };
  same(await store.register(peer(1), address(1), [twin], start), [null], 'same name, other swarm');
  await store.hold(peer(1), twin.swarm, all(20), start);
  same((await store.list(offer(0).name, 0, 9)).total, 2, 'both are listed');
  same((await store.locate({ name: offer(0).name }))?.file.swarm, twin.swarm, 'the one with seeders is found by name');
}

async function pagesThroughFiles(open: OpenStore): Promise<void> {
  const store = await open(terms);
  const files = Array.from({ length: 60 }, (_, i) => offer(i));
  await store.register(peer(1), address(1), files, start);
  const names = new Set<string>();
  for (const offset of [0, 25, 50]) {
    const page = await store.list('', offset, 25);
    same([page.total, page.files.length], [60, offset === 50 ? 10 : 25], 'page');
    for (const { name } of page.files) names.add(name);
  }
  same(names.size, 60, 'the pages hold every file once');
  same((await store.list('', 1_000, 25)).files, [], 'a page beyond the end');
  same((await store.list('ile-5', 0, 25)).total, 11, 'filter: file-5, file-50 to file-59');
  same((await store.list('ile-5', 10, 25)).files.length, 1, 'second page of a filter');
  same((await store.list('nothing', 0, 25)).total, 0, 'filter without a match');
}

async function locatesHolders(open: OpenStore): Promise<void> {
  const store = await crowd(open, 3);
  same((await store.locate({ swarm: swarm(0) }))?.total, 0, 'nobody holds anything yet');
  same(await store.hold(peer(0), swarm(0), all(20), start), null, 'hold all');
  same(await store.hold(peer(1), swarm(0), { chunks: [3, 4] }, start), null, 'hold two');
  same(await store.hold(peer(1), swarm(0), { chunks: [4, 5] }, start), null, 'hold one more');
  const located = (await store.locate({ swarm: swarm(0) }))!;
  same(located.total, 2, 'holders');
  same([located.file.seeders, located.file.leechers], [1, 2], 'seeders and leechers');
  const held = new Map(holdersIn(located.holders).map((holder) => [holder.peer, holder]));
  same(held.get(peer(0)), { address: address(0), peer: peer(0), held: 20 }, 'the seeder');
  same(held.get(peer(1))?.held, 3, 'the other');
  same([...Bitfield.fromBytes(located.body, 20)!.ones()], [3, 4, 5], 'bits of the holder that has not all');
  same(
    located.rarest.slice(-3).toSorted((a, b) => a - b),
    [3, 4, 5],
    'the most common come last',
  );
  same(located.copies, [...Array.from({ length: 17 }, () => 1), 2, 2, 2], 'how many hold each');
  same(new Set(located.rarest).size, 20, 'each chunk once');
  same(await store.locate({ swarm: swarm(9) }), undefined, 'an unknown file');
}

async function refusesImpossibleHoldings(open: OpenStore): Promise<void> {
  const store = await crowd(open, 1);
  same(await store.hold(peer(7), swarm(0), { chunks: [0] }, start), 'unknownPeer', 'unknown peer');
  same(await store.hold(peer(0), swarm(7), { chunks: [0] }, start), 'unknownFile', 'unknown file');
  same(await store.hold(peer(0), swarm(0), { chunks: [1, 20] }, start), 'badChunk', 'index too large');
  same(await store.hold(peer(0), swarm(0), { bits: new Uint8Array(2) }, start), 'badChunk', 'bitfield too short');
  same(await store.hold(peer(0), swarm(0), { bits: Uint8Array.of(0, 0, 1) }, start), 'badChunk', 'spare bit set');
  same((await store.locate({ swarm: swarm(0) }))?.total, 0, 'nothing was added');
}

const isSeeder = ({ peer: id }: PeerContact): boolean => Number.parseInt(id!, 16) < 50; // of the crowd below

async function choosesPeers(open: OpenStore): Promise<void> {
  const store = await crowd(open, 100);
  for (let i = 0; i < 50; i += 1) await store.hold(peer(i), swarm(0), all(20), start);
  const ask = (asker: number): Promise<PeerContact[]> => peersFor(store, asker, 10);
  const met = new Set<string>();
  for (let round = 0; round < 100; round += 1) {
    const forLeecher = await ask(99);
    same(forLeecher.length, 10, 'as many as asked for');
    same(forLeecher.filter(isSeeder).length, 5, 'half are seeders');
    invariant(
      forLeecher.every((contact) => contact.peer !== peer(99)),
      'never the asker',
    );
    same(new Set(forLeecher.map((contact) => contact.peer)).size, 10, 'none twice');
    for (const contact of forLeecher) met.add(contact.peer!);
    same((await ask(0)).filter(isSeeder).length, 0, 'a seeder needs no seeders');
  }
  invariant(met.size > 90, `choices vary: ${met.size} of 99 met in 100 rounds`);
  const given = await Promise.all(
    [97, 98].map(async (asker) => (await ask(asker)).map(({ peer: id }) => String(id)).toSorted()),
  );
  invariant(JSON.stringify(given[0]) !== JSON.stringify(given[1]), 'two askers at one time are given different peers');
}

const isNewcomer = ({ peer: id }: PeerContact): boolean => Number.parseInt(id!, 16) >= 80; // of the crowd below

async function choosesNewcomers(open: OpenStore): Promise<void> {
  const store = await crowd(open, 100);
  for (let i = 0; i < 80; i += 1) await store.hold(peer(i), swarm(0), i < 30 ? all(20) : { chunks: [i % 20] }, start);
  const toLeecher = (await peersFor(store, 50, 16)).filter(isNewcomer).length;
  invariant(toLeecher >= 2 && toLeecher <= 4, `a quarter of the leechers are newcomers, about: ${toLeecher} of 8`);
  const toSeeder = (await peersFor(store, 0, 16)).filter(isNewcomer).length;
  invariant(toSeeder >= 4 && toSeeder <= 6, `a quarter for a seeder, about: ${toSeeder} of 16`);
}

async function peersFor(store: TrackerStore, asker: number, count: number): Promise<PeerContact[]> {
  const [news] = await store.renew(peer(asker), undefined, [{ swarm: swarm(0), held: 0 }], count, start);
  return contactsIn(news!.peers);
}

async function choosesAllOfFew(open: OpenStore): Promise<void> {
  const store = await crowd(open, 3);
  await store.hold(peer(0), swarm(0), all(20), start);
  const both = [5, 0].map((number) => ({ swarm: swarm(number), held: 0 }));
  const [nobody, few] = await store.renew(peer(2), undefined, both, 50, start);
  same([nobody!.known, nobody!.peers.length], ['no', 0], 'an unknown swarm');
  const found = contactsIn(few!.peers).map((contact) => contact.peer);
  same([few!.known, found.toSorted()], ['yes', [peer(0), peer(1)]], 'everybody else, but not the asker');
  const [forStranger] = await store.renew(peer(9), address(9), both.slice(1), 50, start);
  same([forStranger!.known, contactsIn(forStranger!.peers).length], ['no', 3], 'a stranger gets peers too');
  same(await store.stats(), { peers: 3, files: 1 }, 'and is not listed for that');
}

async function noticesWhatWasLost(open: OpenStore): Promise<void> {
  const store = await crowd(open, 1);
  await store.hold(peer(0), swarm(0), { chunks: [1, 2] }, start);
  const known = async (held: number): Promise<unknown> =>
    (await store.renew(peer(0), undefined, [{ swarm: swarm(0), held }], 0, start))[0]!.known;
  same([await known(2), await known(3)], ['yes', 'behind'], 'held');
  await store.hold(peer(0), swarm(0), all(20), start);
  same(await known(20), 'yes', 'all of it');
}

async function movesWithThePeer(open: OpenStore): Promise<void> {
  const store = await crowd(open, 2);
  await store.hold(peer(1), swarm(0), { chunks: [1] }, start);
  await store.register(peer(1), address(200), [], start);
  const holders = async (): Promise<Holder[]> => holdersIn((await store.locate({ swarm: swarm(0) }))!.holders);
  same((await holders())[0]?.address, address(200), 'holder');
  same((await peersFor(store, 0, 9))[0]?.address, address(200), 'contact');
  await store.renew(peer(1), address(201), [], 0, start);
  same((await holders())[0]?.address, address(201), 'moved by an announce');
}

async function letsPeersLeave(open: OpenStore): Promise<void> {
  const store = await open(terms);
  await store.register(peer(1), address(1), [offer(1), offer(2)], start);
  await store.register(peer(2), address(2), [offer(2)], start);
  same(await store.leave(peer(1), swarm(1)), true, 'leave one swarm');
  same(await store.leave(peer(1), swarm(1)), false, 'leave it again');
  same(await store.locate({ swarm: swarm(1) }), undefined, 'its last peer took the file along');
  same((await store.list('', 0, 9)).total, 1, 'one file left');
  same(await store.leave(peer(1), undefined), true, 'leave altogether');
  same(await store.leave(peer(1), undefined), false, 'leave again');
  same((await store.locate({ swarm: swarm(2) }))?.file.leechers, 1, 'the other peer stays');
  same(await store.stats(), { peers: 1, files: 1 }, 'stats');
}

async function forgetsTheSilent(open: OpenStore): Promise<void> {
  const store = await crowd(open, 10);
  const later = instant(start + ttlMs / 2);
  await store.renew(peer(3), undefined, [], 0, later);
  await store.hold(peer(4), swarm(0), { chunks: [1] }, later);
  await store.register(peer(5), address(5), [], later);
  same(await store.expire(instant(start + ttlMs - 1), 100), { expired: [], remaining: 10 }, 'too early');
  const first = await store.expire(instant(start + ttlMs), 4);
  same([first.expired.length, first.remaining], [4, 6], 'not more than asked for');
  const second = await store.expire(instant(start + ttlMs), 100);
  same([second.expired.length, second.remaining], [3, 3], 'the rest');
  invariant(
    [3, 4, 5].every((i) => ![...first.expired, ...second.expired].includes(peer(i))),
    'those heard of stay',
  );
  same((await store.list('', 0, 9)).files[0]?.leechers, 3, 'members left');
  await store.expire(instant(later + ttlMs), 100);
  same(await store.stats(), { peers: 0, files: 0 }, 'empty in the end');
}

async function boundsHolders(open: OpenStore): Promise<void> {
  const store = await crowd(open, holdersMax + 50);
  for (let i = 0; i < holdersMax + 50; i += 1)
    await store.hold(peer(i), swarm(0), i < 20 ? all(20) : { chunks: [i % 20] }, start);
  const located = (await store.locate({ swarm: swarm(0) }))!;
  const holders = holdersIn(located.holders);
  same([located.total, holders.length], [holdersMax + 50, holdersMax], 'a bounded choice');
  const partial = holders.filter(({ held }) => held < 20).length;
  same(located.body.length, partial * 3, 'three bytes for each that has not all');
}

async function agreesWithTheNaive(open: OpenStore): Promise<void> {
  const rng = seededRng('store-suite');
  const [store, naive] = [await open(terms), new NaiveStore(ttlMs)];
  let now: Instant = start;
  for (let step = 0; step < 3_000; step += 1) {
    now = instant(now + rng.below(2_000));
    const [who, what] = [peer(rng.below(12)), swarm(rng.below(8))];
    const chunks = Array.from({ length: rng.below(6) }, () => rng.below(21));
    const files = [offer(rng.below(8)), { ...offer(rng.below(8)), bytes: rng.chance(0.9) ? 20_000 : 1 }];
    const progress = { swarm: what, held: rng.below(9) };
    const act = async (target: TrackerStore | NaiveStore, kind: number): Promise<unknown> => {
      if (kind < 3) return target.register(who, address(kind), files, now);
      if (kind < 6) return target.hold(who, what, { chunks }, now);
      if (kind === 6) return target.hold(who, what, all(20), now);
      if (kind === 7 && target instanceof NaiveStore) return target.renew(who, progress, now);
      if (kind === 7) return (await (target as TrackerStore).renew(who, undefined, [progress], 50, now))[0]!.known;
      return target.leave(who, kind === 8 ? what : undefined);
    };
    const kind = rng.below(10);
    same((await store.expire(now, 1_000)).expired.toSorted(), naive.expire(now), `step ${step}: expired`);
    same(await act(store, kind), await act(naive, kind), `step ${step}: answer ${kind}`);
    same(await picture(store, what), naive.picture(what), `step ${step}: picture`);
  }
}

/** Everything that can be seen of a swarm, in an order of its own. */
async function picture(store: TrackerStore, swarm: SwarmId): Promise<unknown> {
  const located = await store.locate({ swarm });
  if (located === undefined) return null;
  let offset = 0;
  const holders = holdersIn(located.holders).map(({ peer, address, held }) => {
    if (held === located.file.chunkCount) return [peer, address.port, 'all'];
    offset += Bitfield.byteLength(located.file.chunkCount);
    const bits = located.body.slice(offset - Bitfield.byteLength(located.file.chunkCount), offset);
    return [peer, address.port, [...Bitfield.fromBytes(bits, located.file.chunkCount)!.ones()].join(' ')];
  });
  const { seeders, leechers } = located.file;
  return { seeders, leechers, total: located.total, holders: holders.toSorted(byPeer) };
}

const byPeer = (a: readonly unknown[], b: readonly unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);

export const trackerStoreChecks: readonly StoreCheck[] = [
  { name: 'registers and lists', check: registersAndLists },
  { name: 'tells swarms apart', check: tellsSwarmsApart },
  { name: 'pages through files', check: pagesThroughFiles },
  { name: 'locates holders, rarest chunks first', check: locatesHolders },
  { name: 'refuses impossible holdings', check: refusesImpossibleHoldings },
  { name: 'chooses peers: bounded, varied, half seeders', check: choosesPeers },
  { name: 'chooses peers: newcomers among them', check: choosesNewcomers },
  { name: 'notices what it was told and lost', check: noticesWhatWasLost },
  { name: 'chooses everybody when there are few', check: choosesAllOfFew },
  { name: 'moves with the peer', check: movesWithThePeer },
  { name: 'lets peers leave', check: letsPeersLeave },
  { name: 'forgets the silent', check: forgetsTheSilent },
  { name: 'bounds the holders of a reply', check: boundsHolders },
  { name: 'agrees with a naive table over random calls', check: agreesWithTheNaive },
  ...claimChecks,
];
