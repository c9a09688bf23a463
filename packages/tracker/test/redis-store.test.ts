import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant, type PeerId, peerId, seededRng } from '@shoal/machine';
import { contactsIn, type FileOffer, holdersIn, swarmId } from '@shoal/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeTermsDefaults, type StoreTerms } from '../src/index.ts';
import { RedisConnection } from '../src/node/redis/connection.ts';
import { RedisStore } from '../src/node/redis/redis-store.ts';
import { openStore } from '../src/node/index.ts';
import { trackerStoreChecks } from '../src/testing/index.ts';
import { freePort, noRedis, RedisServer, startCluster } from './support/redis.ts';

if (noRedis !== undefined) process.stderr.write(`redis-store.test.ts skips: ${noRedis}\n`);

const start = instant(1_000);
const peer = (number: number): PeerId => peerId(number.toString(16).padStart(64, '0'))!;
const address = (number: number) => ({ host: `198.51.${number}.1`, port: 4_000 });
const offer: FileOffer = { name: 'photos', bytes: 1_600, chunkCount: 16, swarm: swarmId('c'.repeat(64))! };

let tables = 0;
/** A table of its own on a shared connection, by the clock of the calls. */
const freshTable = (redis: RedisConnection, terms: StoreTerms): RedisStore =>
  new RedisStore({ redis, rng: seededRng('redis-store'), clock: 'calls', prefix: `t${(tables += 1)}`, ...terms });

describe.skipIf(noRedis !== undefined)('redis store', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await RedisConnection.open(server.url);
  });
  afterAll(async () => {
    await redis.close();
    await server[Symbol.asyncDispose]();
  });

  test.each(trackerStoreChecks)('$name', async ({ check }) => {
    await expect(check((terms) => freshTable(redis, terms))).resolves.toBeUndefined();
  });

  test('what one process takes another gives out at once, and it outlives both', async () => {
    {
      await using one = await openStore(server.url);
      await using two = await openStore(server.url);
      expect(await one.register(peer(1), address(1), [offer], start)).toEqual([null]);
      expect(await one.hold(peer(1), offer.swarm, { chunks: [3] }, start)).toBeNull();
      const located = (await two.locate({ name: 'photos' }))!;
      expect(holdersIn(located.holders)).toEqual([{ peer: peer(1), address: address(1), held: 1 }]);
      const [news] = await two.renew(peer(2), address(2), [{ swarm: offer.swarm, held: 0 }], 9, start);
      expect(contactsIn(news!.peers)).toEqual([{ peer: peer(1), address: address(1) }]);
      expect(await two.leave(peer(1), undefined)).toBe(true);
      expect(await one.locate({ swarm: offer.swarm })).toBeUndefined();
      await two.register(peer(3), address(3), [offer], start);
    }
    await using three = await openStore(server.url);
    expect(await three.stats()).toEqual({ peers: 1, files: 1 });
  });

  test('leaves nothing behind when everybody has left', async () => {
    const table = freshTable(redis, storeTermsDefaults);
    for (const { check } of trackerStoreChecks.slice(0, 4)) await check(() => table).catch(() => undefined);
    const late = instant(start + 10 * storeTermsDefaults.ttlMs);
    while ((await table.expire(late, 1_000)).remaining > 0);
    expect(await table.stats()).toEqual({ peers: 0, files: 0 });
    const keys = await redis.run({ text: "return redis.call('KEYS', ARGV[1])", sha: '0'.repeat(40) }, 'x', [
      `t${tables}:*`,
    ]);
    expect(String(keys)).toBe('');
  });
});

describe.skipIf(noRedis !== undefined)('redis cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-cluster-'));
  let servers: readonly RedisServer[];
  let redis: RedisConnection;
  beforeAll(async () => {
    servers = await startCluster(folder);
    redis = await RedisConnection.open(`redis://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`);
  }, 30_000);
  afterAll(async () => {
    await redis.close();
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true });
  });

  test.each(trackerStoreChecks.filter(({ name }) => !name.includes('naive')))('$name', async ({ check }) => {
    await expect(check((terms) => freshTable(redis, terms))).resolves.toBeUndefined();
  });
});

describe.skipIf(noRedis !== undefined)('redis in trouble', () => {
  test('gone: calls fail with what to do; it comes back by itself', async () => {
    const server = await RedisServer.start();
    await using store = await openStore(server.url);
    await store.register(peer(1), address(1), [offer], start);
    await server.signal('SIGKILL');
    await expect(store.register(peer(2), address(2), [offer], start)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(`127.0.0.1:${server.port}`),
    });
    await expect.poll(() => store.trouble?.code, { timeout: 60_000 }).toBe('unreachable');
    await using again = await RedisServer.start(server.port);
    await expect.poll(() => store.trouble, { timeout: 60_000 }).toBeUndefined();
    expect(await store.register(peer(2), address(2), [offer], start)).toEqual([null]);
    expect(again.port).toBe(server.port);
  });

  test('silent: calls fail in time, and it is dialled anew', async () => {
    await using server = await RedisServer.start();
    await using store = await openStore(server.url);
    await server.signal('SIGSTOP');
    await expect(store.register(peer(1), address(1), [offer], start)).rejects.toMatchObject({ code: 'timedOut' });
    await expect.poll(() => store.trouble?.code, { timeout: 60_000 }).toBeDefined();
    await server.signal('SIGCONT');
    await expect.poll(() => store.trouble, { timeout: 60_000 }).toBeUndefined();
    expect(await store.register(peer(1), address(1), [offer], start)).toEqual([null]);
  });

  test('not there at the start, or not named as one', async () => {
    const port = await freePort();
    await expect(openStore(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(openStore('redis://')).rejects.toThrow('store');
  });
});
