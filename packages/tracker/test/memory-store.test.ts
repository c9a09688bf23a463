import { Bitfield, instant, type PeerId, peerId, seededRng } from '@shoal/machine';
import { type ChunkSet, type DraftId, draftOffer, type FileOffer, packClaims, swarmId } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { MemoryStore, type MemoryStoreLimits } from '../src/index.ts';
import { trackerStoreChecks } from '../src/testing/index.ts';

const open = (ttlMs = 60_000, limits: Partial<MemoryStoreLimits> = {}): MemoryStore =>
  new MemoryStore({ rng: seededRng('memory-store'), ttlMs, limits });
const peer = (number: number): PeerId => peerId(number.toString(16).padStart(64, '0'))!;
const offer = (number: number, chunkCount = 16): FileOffer => ({
  name: `file-${number}`,
  bytes: 1_600,
  chunkCount,
  swarm: swarmId(number.toString(16).padStart(64, '0'))!,
});
const address = { host: '192.0.2.1', port: 1 };
const start = instant(0);

describe('memory store', () => {
  test.each(trackerStoreChecks)('$name', async ({ check }) => {
    const opened = check((terms) => new MemoryStore({ rng: seededRng('memory-store'), ...terms }));
    await expect(opened).resolves.toBeUndefined();
  });
});

describe('memory store at its limits', () => {
  test('refuses a peer too many, and has room again when one leaves', () => {
    const store = open(60_000, { peersMax: 2 });
    for (const number of [1, 2]) expect(store.register(peer(number), address, [offer(1)], start)).toEqual([null]);
    expect(store.register(peer(3), address, [offer(1), offer(2)], start)).toEqual(['full', 'full']);
    expect(store.register(peer(2), address, [offer(2)], start)).toEqual([null]);
    store.leave(peer(1), undefined);
    expect(store.register(peer(3), address, [offer(1)], start)).toEqual([null]);
  });

  test('refuses a file too many, in all and of one peer', () => {
    const store = open(60_000, { filesMax: 3, filesPerPeerMax: 2 });
    const files = [offer(1), offer(2), offer(3)];
    expect(store.register(peer(1), address, files, start)).toEqual([null, null, 'quotaExceeded']);
    expect(store.register(peer(2), address, [offer(3), offer(4)], start)).toEqual([null, 'full']);
  });

  test('refuses peers too many of one host, of an IPv6 network, but not on loopback', () => {
    const store = open(60_000, { peersPerHostMax: 2 });
    const register = (number: number, host: string): unknown =>
      store.register(peer(number), { host, port: number }, [offer(1)], start)[0];
    expect([1, 2, 3].map((number) => register(number, '192.0.2.1'))).toEqual([null, null, 'quotaExceeded']);
    expect([1, 2].map((number) => register(number, '192.0.2.1'))).toEqual([null, null]);
    expect([4, 5, 6].map((n) => register(n, `2001:db8:1:1::${n}`))).toEqual([null, null, 'quotaExceeded']);
    expect(register(6, '2001:db8:1:2::1')).toBeNull();
    expect([7, 8, 9].map((number) => register(number, '127.0.0.1'))).toEqual([null, null, null]);
    store.renew(peer(1), { host: '192.0.2.2', port: 1 }, [], 0, start);
    expect(register(3, '192.0.2.1')).toBeNull();
    store.leave(peer(2), undefined);
    expect(register(10, '192.0.2.1')).toBeNull();
  });

  test('refuses bitfields beyond its memory, and counts what is given back', () => {
    const store = open(60_000, { chunksBytesMax: 8 });
    for (const number of [1, 2, 3]) store.register(peer(number), address, [offer(1)], start);
    const hold = (number: number, held: ChunkSet): unknown => store.hold(peer(number), offer(1).swarm, held, start);
    expect(hold(1, { chunks: [1] })).toBeNull();
    expect(hold(2, { chunks: [1] })).toBeNull();
    expect(hold(3, { chunks: [1] })).toBe('full');
    expect(hold(1, { bits: Bitfield.full(16).toBytes() })).toBeNull(); // a seeder needs no bits
    expect(hold(3, { chunks: [1] })).toBeNull();
    store.leave(peer(2), undefined);
    store.register(peer(2), address, [offer(1)], start);
    expect(hold(2, { chunks: [1] })).toBeNull();
  });

  test('refuses one peer more memory than its share, for bits and claims', () => {
    const store = open(60_000, { chunksBytesPerPeerMax: 100 });
    const draft = draftOffer({ name: 'a', bytes: 10, chunkBytes: 1 })!;
    const claim = (number: number, chunk: number): unknown =>
      store.claim(peer(number), draft.swarm as DraftId, packClaims([chunk], new Uint8Array(32)), start);
    for (const number of [1, 2]) store.register(peer(number), { host: '192.0.2.1', port: number }, [draft], start);
    expect(claim(1, 0)).toEqual({ standings: ['checkList'], complete: false });
    expect(claim(1, 1)).toBe('quotaExceeded');
    expect(claim(2, 1)).toEqual({ standings: ['checkList'], complete: false });
    store.register(peer(1), { host: '198.51.100.1', port: 1 }, [], start); // another voice: its claims are gone
    expect(claim(1, 1)).toEqual({ standings: ['chunkList'], complete: false });
  });
});

test('a file without content is held by everybody who registers it', () => {
  const store = open();
  store.register(peer(1), address, [{ ...offer(1, 0), bytes: 0 }], start);
  expect(store.locate({ swarm: offer(1).swarm })).toMatchObject({ total: 1, file: { seeders: 1 }, rarest: [] });
});
