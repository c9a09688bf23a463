// The tracker's table in one file, for one tracker: all questions are answered from memory, all changes are in the file
// before they are answered. What was accepted survives kill -9; a power cut may take what the system had not written out
// yet, and leaves the file sound. Opened again, it has everybody whom it had and gives each a whole time to live.

import { DatabaseSync } from 'node:sqlite';
import { type Address, type Instant, type PeerId, ShoalError } from '@shoal/machine';
import type {
  ChunkSet,
  DraftId,
  FileListing,
  FileLocations,
  FileOffer,
  Progress,
  Refusal,
  Standing,
  SwarmId,
  SwarmKey,
  SwarmNews,
} from '@shoal/wire';
import { MemoryStore, type MemoryStoreOptions } from '../../memory/memory-store.ts';
import type { Awaitable, Claimed, ClaimPage, Located, StoreStats } from '../../store.ts';
import { voiceOf } from '../../voice.ts';
import type { LastingStore } from '../lasting-store.ts';
import { loadTables } from './load-tables.ts';
import { createTables, TableFile, tablesVersion } from './table-file.ts';

export interface FileStoreOptions extends MemoryStoreOptions {
  /** Made when it is not there. A second file, `PATH-wal`, stands beside it and belongs to it. */
  readonly path: string;
  /** From when on those found in the file count as heard of, by the clock of the calls. */
  readonly now: Instant;
}

/**
 * Fails with ShoalError: `storeBusy` when another process has the file, `storeDamaged` when it is no table of this
 * version, `notFound` or `permissionDenied` when it cannot be opened, `diskFull`, `diskFailed`.
 */
export class FileStore implements LastingStore {
  readonly #memory: MemoryStore;
  readonly #file: TableFile;
  readonly #path: string;

  constructor({ path, now, ...options }: FileStoreOptions) {
    this.#path = path;
    this.#memory = new MemoryStore(options);
    const database = openDatabase(path);
    try {
      loadTables(database, this.#memory, now);
      this.#file = new TableFile(database);
    } catch (error) {
      database.close();
      throw explained(path, error);
    }
  }

  get trouble(): ShoalError | undefined {
    return this.#file.failure === undefined ? undefined : explained(this.#path, this.#file.failure);
  }

  register(
    peer: PeerId,
    address: Address,
    files: readonly FileOffer[],
    now: Instant,
  ): Promise<readonly (Refusal | null)[]> {
    const before = this.#memory.addressOf(peer);
    const answers = this.#memory.register(peer, address, files, now);
    if (this.#memory.addressOf(peer) !== undefined) this.#file.putPeer(peer, address);
    if (before !== undefined) this.#withdrawUnless(peer, before, address);
    for (const [i, answer] of answers.entries()) if (answer === null) this.#file.addMember(peer, files[i]!);
    return this.#kept(answers);
  }

  hold(peer: PeerId, swarm: SwarmKey, held: ChunkSet, now: Instant): Awaitable<Refusal | null> {
    const answer = this.#memory.hold(peer, swarm, held, now);
    if (answer !== null) return answer;
    this.#file.hold(peer, swarm, held);
    return this.#kept(answer);
  }

  claim(peer: PeerId, swarm: DraftId, claims: Uint8Array, now: Instant): Awaitable<Claimed | Refusal> {
    const answer = this.#memory.claim(peer, swarm, claims, now);
    if (typeof answer === 'string') return answer;
    this.#file.claim(peer, swarm, claims);
    return this.#kept(answer);
  }

  renew(
    peer: PeerId,
    address: Address | undefined,
    swarms: readonly Progress[],
    contactsMax: number,
    now: Instant,
  ): Awaitable<readonly SwarmNews[]> {
    const before = address && this.#memory.addressOf(peer);
    const news = this.#memory.renew(peer, address, swarms, contactsMax, now);
    if (address === undefined || before === undefined) return news;
    this.#file.movePeer(peer, address);
    this.#withdrawUnless(peer, before, address);
    return this.#kept(news);
  }

  list(filter: string, offset: number, countMax: number): { readonly total: number; readonly files: FileListing[] } {
    return this.#memory.list(filter, offset, countMax);
  }

  locate(file: FileLocations['file']): Located | undefined {
    return this.#memory.locate(file);
  }

  claims(swarm: DraftId, from: number, only: Standing | undefined, countMax: number): ClaimPage | undefined {
    return this.#memory.claims(swarm, from, only, countMax);
  }

  derive(swarm: DraftId): SwarmId | undefined {
    return this.#memory.derive(swarm); // follows from the claims: not written
  }

  pin(swarm: DraftId, derived: SwarmId, hashes: Uint8Array): Promise<void> {
    this.#memory.pin(swarm, derived, hashes);
    this.#file.pin(swarm, derived, hashes);
    return this.#kept(undefined);
  }

  leave(peer: PeerId, swarm: SwarmKey | undefined): Promise<boolean> {
    const wasThere = this.#memory.leave(peer, swarm);
    this.#file.remove(peer, swarm); // even when memory had lost it: an earlier leave may have met a full disk
    return this.#kept(wasThere);
  }

  expire(
    now: Instant,
    countMax: number,
  ): Awaitable<{ readonly expired: readonly PeerId[]; readonly remaining: number }> {
    const answer = this.#memory.expire(now, countMax);
    for (const peer of answer.expired) this.#file.remove(peer);
    return answer.expired.length === 0 ? answer : this.#kept(answer);
  }

  /** Where a peer that is known is reached. */
  addressOf(peer: PeerId): Address | undefined {
    return this.#memory.addressOf(peer);
  }

  stats(): StoreStats {
    return this.#memory.stats();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A peer with another voice has to claim again, in the file too. */
  #withdrawUnless(peer: PeerId, before: Address, address: Address): void {
    if (voiceOf(peer, before) !== voiceOf(peer, address)) this.#file.withdraw(peer);
  }

  /** The answer once what led to it is in the file. */
  #kept<Answer>(answer: Answer): Promise<Answer> {
    return this.#file.committed.then(
      () => answer,
      (cause: unknown) => Promise.reject(explained(this.#path, cause)),
    );
  }
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    // Exclusive: nobody else changes what memory says. In WAL mode a commit is one append; NORMAL leaves it to the system
    // when it reaches the disk.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    database.exec('BEGIN IMMEDIATE; COMMIT'); // takes the lock
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version === 0) createTables(database);
    else if (version !== tablesVersion) throw damaged(path, `has version ${version}, not ${tablesVersion}`);
    return database;
  } catch (error) {
    database?.close();
    throw explained(path, error);
  }
}

const damaged = (path: string, what: string, cause?: unknown): ShoalError =>
  new ShoalError(
    'storeDamaged',
    `${path} ${what}: move it away; a tracker with an empty table is told everything again within one announce`,
    { cause },
  );

/** SQLite's primary result codes that have a cure. */
const codes = { perm: 3, busy: 5, readonly: 8, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 };

/** What SQLite threw, with what to do about it. */
function explained(path: string, cause: unknown): ShoalError {
  if (cause instanceof ShoalError) return cause;
  const code = (Number((cause as { errcode?: number }).errcode) || 0) & 0xff;
  const message = cause instanceof Error ? cause.message : String(cause);
  const is = (...names: (keyof typeof codes)[]): boolean => names.some((name) => codes[name] === code);
  if (is('busy'))
    return new ShoalError('storeBusy', `${path} is in use: another tracker has it open, choose another file`, {
      cause,
    });
  if (is('corrupt', 'notADatabase')) return damaged(path, `is damaged or no tracker's table (${message})`, cause);
  if (is('full')) return new ShoalError('diskFull', `no room left for ${path}: make some`, { cause });
  if (is('perm', 'readonly'))
    return new ShoalError('permissionDenied', `${path} may not be written: give this user the right to`, { cause });
  if (is('cantOpen'))
    return new ShoalError('notFound', `${path} cannot be opened: its folder must exist and be writable`, { cause });
  return new ShoalError('diskFailed', `${path} cannot be written or read (${message})`, { cause });
}
