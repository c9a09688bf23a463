import { instant, type PeerId, peerId, seededRng, ShoalError, toHex, UsageError } from '@shoal/machine';
import { type DraftId, draftOffer, type FileOffer, packClaims, swarmId, type SwarmKey } from '@shoal/wire';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { performStoreCall, storeTermsDefaults, type StoreTerms, type TrackerStore } from '../src/index.ts';
import { FileStore } from '../src/node/file/file-store.ts';
import { openStore } from '../src/node/index.ts';
import { trackerStoreChecks } from '../src/testing/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'shoal-tracker-'));
afterAll(() => rmSync(folder, { recursive: true }));

const start = instant(1_000);
let files = 0;
const freshPath = (): string => join(folder, `${(files += 1)}.db`);
const opened: FileStore[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

function open(path: string, terms: StoreTerms = storeTermsDefaults): FileStore {
  const store = new FileStore({ path, rng: seededRng(`file-store ${(files += 1)}`), now: start, ...terms });
  opened.push(store);
  return store;
}

async function close(store: FileStore): Promise<void> {
  opened.splice(opened.indexOf(store), 1);
  await store.close();
}

const peer = (number: number): PeerId => peerId(number.toString(16).padStart(64, '0'))!;
const address = (number: number) => ({ host: `198.51.${number}.1`, port: 4_000 });
const offer = (number: number): FileOffer => ({
  name: `file-${number}`,
  bytes: 1_600,
  chunkCount: 16,
  swarm: swarmId(number.toString(16).padStart(64, 'a'))!,
});
const draft = draftOffer({ name: 'thesis', bytes: 16, chunkBytes: 1 })!;
const derived = swarmId('d'.repeat(64))!;

/** A store that is closed and opened again before each call. */
function openReopening(terms: StoreTerms): TrackerStore {
  const path = freshPath();
  let store = open(path, terms);
  const reopened = async (): Promise<FileStore> => {
    await close(store);
    store = open(path, terms);
    return store;
  };
  const call = async (method: keyof TrackerStore, args: never[]): Promise<unknown> => {
    const fresh = await reopened();
    return method === 'stats' ? fresh.stats() : (await performStoreCall(fresh, { method, args } as never)).result;
  };
  let last: Promise<unknown> = Promise.resolve(); // one at a time: each call ends the store of the one before
  return new Proxy({} as TrackerStore, {
    get: (_, method: keyof TrackerStore | 'then') =>
      method === 'then' // it is no promise
        ? undefined
        : (...args: never[]) => (last = last.catch(() => undefined).then(() => call(method, args))),
  });
}

/** What a table says of files, in an order of its own. */
async function picture(store: TrackerStore): Promise<unknown> {
  const { files: listed } = await store.list('', 0, 100);
  const pictures = listed.map(async (file) => {
    const located = (await store.locate({ swarm: file.swarm }))!;
    const claims = await store.claims(file.swarm as DraftId, 0, undefined, 99);
    const rarest = located.rarest.map((chunk, i) => `${chunk}: ${located.copies[i]}`).toSorted();
    return [file, located.total, rarest, claims];
  });
  return (await Promise.all(pictures)).map((one) => JSON.stringify(one)).toSorted();
}

function failure(act: () => unknown): ShoalError {
  try {
    act();
  } catch (error) {
    if (error instanceof ShoalError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('file store', () => {
  test.each(trackerStoreChecks)('$name', async ({ check }) => {
    await expect(check((terms) => open(freshPath(), terms))).resolves.toBeUndefined();
  });

  // Time begins anew with each opening and so does deriving: checks of how it passes, or how often that is done, are left
  // out, as is what takes long.
  const timeless = trackerStoreChecks.filter(({ name }) => !/forgets|naive|liars leave|derives|bounds the/.test(name));
  test.each(timeless)('closed and opened again before each call: $name', async ({ check }) => {
    await expect(check(openReopening)).resolves.toBeUndefined();
  });

  test('has after a restart what it had, whatever happened', async () => {
    const rng = seededRng('file-store.test');
    const path = freshPath();
    const terms = { ...storeTermsDefaults, manifestOf: () => derived };
    let store = open(path, terms);
    for (let step = 0; step < 1_500; step += 1) {
      const who = peer(rng.below(12));
      const swarm: SwarmKey = offer(rng.below(6)).swarm;
      const chunks = [rng.below(16), rng.below(16)];
      const hashes = Buffer.concat(chunks.map((chunk) => seededRng(`${chunk} ${rng.chance(0.1)}`).bytes(32)));
      const kind = rng.below(12);
      if (kind < 3) await store.register(who, address(rng.below(3)), [offer(rng.below(6)), draft], start);
      else if (kind < 6) await store.hold(who, swarm, { chunks }, start);
      else if (kind < 7) await store.hold(who, swarm, { bits: Uint8Array.of(255, 255) }, start);
      else if (kind < 9) await store.claim(who, draft.swarm as DraftId, packClaims(chunks, hashes), start);
      else if (kind < 10) await store.renew(who, address(rng.below(3)), [], 0, start);
      else await store.leave(who, kind < 11 ? swarm : undefined);
      if (step % 50 > 0) continue;
      const [before, stats] = [await picture(store), store.stats()];
      await close(store);
      store = open(path, terms);
      expect([await picture(store), store.stats()]).toEqual([before, stats]);
    }
  });

  test('gives everybody a whole time to live after a restart', async () => {
    const path = freshPath();
    const store = open(path);
    await store.register(peer(1), address(1), [offer(1)], start);
    await close(store);
    const late = instant(start + 10 * storeTermsDefaults.ttlMs);
    const again = new FileStore({ path, rng: seededRng('late'), now: late });
    opened.push(again);
    expect(await again.expire(late, 9)).toEqual({ expired: [], remaining: 1 });
    const later = instant(late + storeTermsDefaults.ttlMs);
    expect(await again.expire(later, 9)).toEqual({ expired: [peer(1)], remaining: 0 });
    await close(again);
    expect(open(path).stats()).toEqual({ peers: 0, files: 0 });
  });
});

describe('file store in trouble', () => {
  test('is one tracker’s: another that opens it is told', () => {
    const path = freshPath();
    open(path);
    expect(failure(() => open(path))).toMatchObject({ code: 'storeBusy', message: expect.stringContaining(path) });
  });

  test('says what to do about a file that is none, one of another version, and a folder that is missing', () => {
    const path = freshPath();
    writeFileSync(path, toHex(seededRng('no database').bytes(5_000)));
    expect(failure(() => open(path))).toMatchObject({
      code: 'storeDamaged',
      message: expect.stringMatching(/move it/),
    });
    expect(failure(() => open(join(folder, 'nowhere', 'x.db')))).toMatchObject({ code: 'notFound' });
  });
});

describe('opening a store by name', () => {
  test('memory, a file, and nothing else', async () => {
    const path = freshPath();
    for (const name of ['memory', `file:${path}`]) {
      await using store = await openStore(name, { now: start, ttlMs: 60_000 });
      expect(await store.register(peer(1), address(1), [offer(1)], start)).toEqual([null]);
      expect(store.trouble).toBeUndefined();
    }
    await using again = await openStore(`file:${path}`);
    expect(await again.stats()).toEqual({ peers: 1, files: 1 });
    for (const name of ['', 'file:', 'postgres://x']) await expect(openStore(name)).rejects.toThrow(UsageError);
  });
});
