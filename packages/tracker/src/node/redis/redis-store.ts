// The tracker's table in Redis or Valkey, shared by any number of tracker processes: none keeps anything itself, so that
// whatever one accepted the others give out at once, and one that is killed loses nothing. Each file is in one place
// (file-scripts.ts) and each peer in another (peer-scripts.ts); what touches both goes peer first, so that a process that dies
// half-way leaves nothing that would not expire. A call is one transaction for each file it touches.

import { type Address, fromHex, type Instant, type PeerId, type Rng, type ShoalError, toHex } from '@shoal/machine';
import {
  type ChunkSet,
  contactPeerAt,
  type DraftId,
  type FileListing,
  type FileLocations,
  type FileOffer,
  isDraft,
  parseDraft,
  type Progress,
  type Refusal,
  type Standing,
  type SwarmId,
  type SwarmKey,
  type SwarmNews,
  writeAddress,
} from '@shoal/wire';
import type { Claimed, ClaimPage, Located, StoreStats, StoreTerms } from '../../store.ts';
import { voiceOf } from '../../voice.ts';
import type { LastingStore } from '../lasting-store.ts';
import { type Reply, script, type RedisConnection } from './connection.ts';
import { type FileScript, fileScripts } from './file-scripts.ts';
import { packIndices, readClaimPage, readListing, readLocated, readNews } from './replies.ts';
import { type PeerScript, peerScripts } from './peer-scripts.ts';

export interface RedisStoreOptions extends StoreTerms {
  readonly redis: RedisConnection;
  /** For the order of what Redis chose. */
  readonly rng: Rng;
  /** All keys begin so: trackers with the same prefix share one table. Default `shoal`. */
  readonly prefix?: string;
  /** Whose clock time to live goes by: that of Redis, which all share (default), or that of the calls, for tests. */
  readonly clock?: 'redis' | 'calls';
  readonly limits?: Partial<RedisStoreLimits>;
}

export interface RedisStoreLimits {
  /** Peers known at a time, about; a further one is refused with `full`. Memory is bounded by the server's `maxmemory`. */
  readonly peersMax: number;
  /** Files of one peer; further ones are refused with `quotaExceeded`. */
  readonly filesPerPeerMax: number;
}

export const redisStoreLimits: RedisStoreLimits = { peersMax: 10_000_000, filesPerPeerMax: 4_096 };

/** Hash tags that peers, and names, are dealt out to: in a cluster they are the work of so many servers at the most. */
const tags = 16;

/** Claims withdrawn at one stroke. */
const withdrawMax = 500;
/** Names that a list with a filter looks at, files of one name that a search compares, chunks that a page of claims looks at. */
const filterScanMax = 4_000;
const sameNameMax = 16;
const claimScanMax = 2_000;

const [files, peers] = [scriptsOf(fileScripts), scriptsOf(peerScripts)];

export class RedisStore implements LastingStore {
  readonly #redis: RedisConnection;
  readonly #terms: StoreTerms;
  readonly #rng: Rng;
  readonly #prefix: string;
  readonly #ownClock: boolean;
  readonly #limits: RedisStoreLimits;

  /** Takes the connection over. */
  constructor({ redis, rng, prefix = 'shoal', clock = 'redis', limits, ...terms }: RedisStoreOptions) {
    this.#redis = redis;
    this.#terms = terms;
    this.#rng = rng;
    this.#prefix = prefix;
    this.#ownClock = clock === 'redis';
    this.#limits = { ...redisStoreLimits, ...limits };
  }

  get trouble(): ShoalError | undefined {
    return this.#redis.trouble;
  }

  async register(
    peer: PeerId,
    address: Address,
    offers: readonly FileOffer[],
    now: Instant,
  ): Promise<readonly (Refusal | null)[]> {
    const { peersMax, filesPerPeerMax } = this.#limits;
    const limits = [String(Math.ceil(peersMax / tags)), String(filesPerPeerMax)];
    const swarms = offers.map(({ swarm }) => swarm);
    const entered = await this.#peer(peer, 'enter', [packed(address), this.#clock(now), ...limits, ...swarms]);
    if (!isList(entered)) return offers.map(() => 'full');
    const [listed, moved] = entered as [number[], Buffer[]];
    const [answers] = await Promise.all([
      Promise.all(
        offers.map(async (offer, i) => (listed[i] === 1 ? this.#join(peer, address, offer) : 'quotaExceeded')),
      ),
      this.#move(peer, address, moved),
    ]);
    return answers;
  }

  async hold(peer: PeerId, swarm: SwarmKey, held: ChunkSet, now: Instant): Promise<Refusal | null> {
    const kind = isDraft(swarm) ? 'draft' : 'bits' in held ? 'bits' : 'chunks';
    const set = 'bits' in held ? Buffer.from(held.bits) : packIndices(held.chunks);
    const [known, answer] = await Promise.all([
      this.#peer(peer, 'touch', ['', this.#clock(now)]),
      this.#file(swarm, 'hold', [keyOf(peer), kind, set]),
    ]);
    if (known === null) return 'unknownPeer';
    return String(answer) === 'ok' ? null : (String(answer) as Refusal);
  }

  async claim(peer: PeerId, swarm: DraftId, claims: Uint8Array, now: Instant): Promise<Claimed | Refusal> {
    const [known, answer] = await Promise.all([
      this.#peer(peer, 'touch', ['', this.#clock(now)]),
      this.#file(swarm, 'claim', [this.#quorum, keyOf(peer), Buffer.from(claims)]),
    ]);
    if (known === null) return 'unknownPeer';
    if (!isList(answer)) return String(answer) as Refusal;
    const [complete, standings] = answer as [number, Buffer[]];
    return { standings: standings.map((standing) => String(standing) as Standing), complete: complete === 1 };
  }

  async renew(
    peer: PeerId,
    address: Address | undefined,
    swarms: readonly Progress[],
    contactsMax: number,
    now: Instant,
  ): Promise<readonly SwarmNews[]> {
    const key = keyOf(peer);
    const [moved, ...news] = await Promise.all([
      this.#peer(peer, 'touch', [address === undefined ? '' : packed(address), this.#clock(now)]),
      ...swarms.map(({ swarm, held }) => this.#file(swarm, 'news', [key, String(held), String(contactsMax)])),
    ]);
    if (address !== undefined && moved !== null) await this.#move(peer, address, moved as Buffer[]);
    return news.map((reply) => readNews(reply, key, moved !== null, this.#rng));
  }

  async list(
    filter: string,
    offset: number,
    countMax: number,
  ): Promise<{ readonly total: number; readonly files: readonly FileListing[] }> {
    const { total, swarms } = await (filter === ''
      ? this.#page(offset, countMax)
      : this.#filter(filter, offset, countMax));
    const listings = await Promise.all(swarms.map(async (swarm) => this.#listing(swarm)));
    return { total, files: listings.filter((listing) => listing !== undefined) }; // some may have gone meanwhile
  }

  async locate(file: FileLocations['file']): Promise<Located | undefined> {
    const swarm = 'swarm' in file ? file.swarm : await this.#mostSeeded(file.name);
    if (swarm === undefined) return undefined;
    return readLocated(swarm, this.#rng, async (name, args) => this.#file(swarm, name, args), this.#quorum);
  }

  async claims(
    swarm: DraftId,
    from: number,
    only: Standing | undefined,
    countMax: number,
  ): Promise<ClaimPage | undefined> {
    if (!isDraft(swarm)) return undefined;
    const args = [this.#quorum, String(from), only ?? '', String(countMax), String(claimScanMax)];
    return readClaimPage(swarm, await this.#file(swarm, 'look', args));
  }

  async derive(swarm: DraftId): Promise<SwarmId | undefined> {
    const [named, hashes] = (await this.#file(swarm, 'hashes', [])) as [Buffer, Buffer];
    if (named.length > 0) return String(named) as SwarmId;
    const derived = hashes.length === 0 ? undefined : this.#terms.manifestOf?.(parseDraft(swarm)!, hashes);
    if (derived === undefined) return undefined;
    const stands = String(await this.#file(swarm, 'derive', [this.#quorum, derived]));
    return stands === '' ? undefined : (stands as SwarmId);
  }

  async pin(swarm: DraftId, derived: SwarmId, hashes: Uint8Array): Promise<void> {
    await this.#file(swarm, 'pin', [this.#quorum, derived, Buffer.from(hashes)]);
  }

  async leave(peer: PeerId, swarm: SwarmKey | undefined): Promise<boolean> {
    if (swarm !== undefined) {
      const wasThere = await this.#part(peer, swarm);
      await this.#peer(peer, 'drop', [swarm]);
      return wasThere;
    }
    await this.#partAll(peer);
    return (await this.#peer(peer, 'forget', [])) === 1;
  }

  async expire(
    now: Instant,
    countMax: number,
  ): Promise<{ readonly expired: readonly PeerId[]; readonly remaining: number }> {
    const time = [String(this.#terms.ttlMs), this.#clock(now)];
    const due = await Promise.all(
      Array.from({ length: tags }, (_, tag) => this.#run(peers.due, this.#peerBase(tag), [...time, String(countMax)])),
    );
    const late = (due as Buffer[][])
      .flat()
      .slice(0, countMax)
      .map((key) => toHex(key) as PeerId);
    const forgotten = await Promise.all(
      late.map(async (peer) => {
        await this.#partAll(peer);
        // Who was heard of meanwhile stays known, and is told that it is listed nowhere; of several trackers one reports it.
        return (await this.#peer(peer, 'forget', time)) === 1;
      }),
    );
    const { peers: remaining } = await this.stats();
    return { expired: late.filter((_, i) => forgotten[i]), remaining };
  }

  async stats(): Promise<StoreStats> {
    const [known, named] = await Promise.all([this.#counts('p'), this.#counts('n')]);
    return { peers: sumAt(known, 0), files: sumAt(named, 1) };
  }

  async close(): Promise<void> {
    await this.#redis.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #join(peer: PeerId, address: Address, offer: FileOffer): Promise<Refusal | null> {
    const { swarm, name, bytes, chunkCount } = offer;
    const voice = isDraft(swarm) ? voiceOf(peer, address) : '';
    const args = [keyOf(peer), packed(address), name, String(bytes), String(chunkCount), voice];
    const listed = await this.#file(swarm, 'join', args);
    if (listed === null) return 'mismatch'; // it stays in the peer's own list, where it does no harm
    await this.#index(String(listed), swarm, true);
    return null;
  }

  /** Tells the files of a peer where it is reached now. */
  async #move(peer: PeerId, address: Address, swarms: readonly Buffer[]): Promise<void> {
    await Promise.all(
      swarms.map(async (bytes) => {
        const swarm = String(bytes) as SwarmKey;
        const args = [keyOf(peer), packed(address), isDraft(swarm) ? voiceOf(peer, address) : ''];
        while ((await this.#file(swarm, 'move', args)) === 0) await this.#withdraw(peer, swarm);
      }),
    );
  }

  async #partAll(peer: PeerId): Promise<void> {
    const swarms = await this.#peer(peer, 'swarms', []);
    if (isList(swarms)) await Promise.all(swarms.map(async (swarm) => this.#part(peer, String(swarm) as SwarmKey)));
  }

  /** Whether the peer was in the swarm. With the last the file goes. */
  async #part(peer: PeerId, swarm: SwarmKey): Promise<boolean> {
    if (isDraft(swarm)) await this.#withdraw(peer, swarm);
    const parted = await this.#file(swarm, 'part', [keyOf(peer)]);
    if (typeof parted === 'number') return parted > 0;
    const name = String(parted);
    await this.#index(name, swarm, false);
    if ((await this.#listing(swarm)) !== undefined) await this.#index(name, swarm, true); // somebody came meanwhile
    return true;
  }

  async #withdraw(peer: PeerId, swarm: SwarmKey): Promise<void> {
    const args = [this.#quorum, keyOf(peer), String(withdrawMax)];
    for (let left = 1; left > 0;) left = (await this.#file(swarm, 'withdraw', args)) as number;
  }

  async #listing(swarm: SwarmKey): Promise<FileListing | undefined> {
    return readListing(swarm, await this.#file(swarm, 'list', []));
  }

  async #index(name: string, swarm: SwarmKey, isListed: boolean): Promise<void> {
    await this.#run(peers.index, this.#nameBase(tagOf(name)), [isListed ? '1' : '0', `${name}\0${swarm}`]);
  }

  async #mostSeeded(name: string): Promise<SwarmKey | undefined> {
    const found = (await this.#run(peers.named, this.#nameBase(tagOf(name)), [
      `${name}\0`,
      String(sameNameMax),
    ])) as Buffer[];
    const listings = await Promise.all(found.map(async (entry) => this.#listing(swarmIn(entry))));
    const listed = listings.filter((listing) => listing !== undefined);
    return listed.toSorted((a, b) => b.seeders - a.seeders)[0]?.swarm;
  }

  async #page(offset: number, countMax: number): Promise<{ total: number; swarms: SwarmKey[] }> {
    const counts = await this.#counts('n');
    const pages: Promise<Reply>[] = [];
    let before = 0;
    for (const [tag, count] of counts.entries()) {
      const [from, to] = [Math.max(0, offset - before), Math.min(count[1]!, offset + countMax - before)];
      if (from < to) pages.push(this.#run(peers.page, this.#nameBase(tag), [String(from), String(to - 1)]));
      before += count[1]!;
    }
    return { total: before, swarms: ((await Promise.all(pages)) as Buffer[][]).flat().map(swarmIn) };
  }

  async #filter(filter: string, offset: number, countMax: number): Promise<{ total: number; swarms: SwarmKey[] }> {
    const to = String(filterScanMax / tags - 1);
    const pages = Array.from({ length: tags }, (_, tag) => this.#run(peers.page, this.#nameBase(tag), ['0', to]));
    const entries = ((await Promise.all(pages)) as Buffer[][]).flat();
    const matches = entries.filter((entry) => nameIn(entry).includes(filter));
    return { total: matches.length, swarms: matches.slice(offset, offset + countMax).map(swarmIn) };
  }

  async #counts(kind: 'p' | 'n'): Promise<number[][]> {
    const bases = Array.from({ length: tags }, (_, tag) => (kind === 'p' ? this.#peerBase(tag) : this.#nameBase(tag)));
    return Promise.all(bases.map(async (base) => (await this.#run(peers.count, base, [])) as number[]));
  }

  async #peer(peer: PeerId, name: PeerScript, args: readonly (string | Buffer)[]): Promise<Reply> {
    return this.#run(peers[name], this.#peerBase(Number.parseInt(peer.slice(0, 2), 16) % tags), [keyOf(peer), ...args]);
  }

  async #file(swarm: SwarmKey, name: FileScript, args: readonly (string | Buffer)[]): Promise<Reply> {
    return this.#run(files[name], `${this.#prefix}:{${swarm}}:`, args);
  }

  async #run(which: ReturnType<typeof script>, base: string, args: readonly (string | Buffer)[]): Promise<Reply> {
    return this.#redis.run(which, base, args);
  }

  #peerBase(tag: number): string {
    return `${this.#prefix}:{p${tag}}:`;
  }

  #nameBase(tag: number): string {
    return `${this.#prefix}:{n${tag}}:`;
  }

  #clock(now: Instant): string {
    return this.#ownClock ? '' : String(now);
  }

  get #quorum(): string {
    return String(this.#terms.quorum);
  }
}

function scriptsOf<Name extends string>(
  texts: Readonly<Record<Name, string>>,
): Record<Name, ReturnType<typeof script>> {
  const named = Object.entries<string>(texts).map(([name, text]) => [name, script(text)]);
  return Object.fromEntries(named) as Record<Name, ReturnType<typeof script>>;
}

const sumAt = (counts: readonly (readonly number[])[], at: number): number =>
  counts.reduce((total, count) => total + count[at]!, 0);
const isList = (reply: Reply): reply is readonly Reply[] => Array.isArray(reply);
const keyOf = (peer: PeerId): Buffer => Buffer.from(fromHex(peer)!);

function packed(address: Address): Buffer {
  const bytes = Buffer.alloc(contactPeerAt);
  writeAddress(address, bytes, 0);
  return bytes;
}

/** Which tag a name is dealt to. */
function tagOf(name: string): number {
  let sum = 0;
  for (let i = 0; i < name.length; i += 1) sum = (sum * 31 + name.charCodeAt(i)) >>> 0;
  return sum % tags;
}

const nameIn = (entry: Buffer): string => entry.toString('utf8', 0, entry.indexOf(0));
const swarmIn = (entry: Buffer): SwarmKey => entry.toString('utf8', entry.indexOf(0) + 1) as SwarmKey;
