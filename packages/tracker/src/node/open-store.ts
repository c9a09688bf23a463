// Opens a store by its name: `memory`, `file:PATH` or `redis://…`. What a store needs is loaded only when it is opened.

import { type Instant, type Rng, ShoalError, UsageError } from '@shoal/machine';
import { entropyRng, nodeClock } from '@shoal/machine/node';
import { MemoryStore, type MemoryStoreLimits } from '../memory/memory-store.ts';
import { type StoreTerms, storeTermsDefaults } from '../store.ts';
import type { LastingStore } from './lasting-store.ts';

export interface OpenStoreOptions extends Partial<StoreTerms> {
  readonly limits?: Partial<MemoryStoreLimits>;
  readonly rng?: Rng;
  /** By the clock of the tracker. */
  readonly now?: Instant;
}

/** Throws UsageError when `name` names none; fails as the store of that name does (FileStore, RedisConnection). */
export async function openStore(name: string, options: OpenStoreOptions = {}): Promise<LastingStore> {
  const { limits, rng = entropyRng(), now = nodeClock.now(), ...terms } = options;
  const table = { ...storeTermsDefaults, ...terms, rng, ...(limits && { limits }) };
  if (name === 'memory') return new LocalStore(table);
  if (name.startsWith('file:') && name.length > 5) {
    const { FileStore } = await import('./file/file-store.ts');
    return new FileStore({ ...table, now, path: name.slice(5) });
  }
  if (/^rediss?:/.test(name)) return openRedis(name, table);
  throw new UsageError('store', `"${name}" is none: understood are memory, file:PATH and redis://HOST:PORT`);
}

async function openRedis(
  url: string,
  { rng, ttlMs, quorum, manifestOf }: StoreTerms & { rng: Rng },
): Promise<LastingStore> {
  const [{ RedisConnection }, { RedisStore }] = await Promise.all([
    import('./redis/connection.ts'),
    import('./redis/redis-store.ts'),
  ]).catch((cause: unknown) => {
    throw new ShoalError('notFound', 'the package @redis/client is missing: npm install @redis/client', { cause });
  });
  const redis = await RedisConnection.open(url);
  return new RedisStore({ redis, rng, ttlMs, quorum, ...(manifestOf && { manifestOf }) });
}

/** The table in memory, which lasts as long as the process and is never in trouble. */
class LocalStore extends MemoryStore implements LastingStore {
  readonly trouble = undefined;

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
