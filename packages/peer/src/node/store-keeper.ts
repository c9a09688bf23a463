// Carries out store orders with the chunker's stores, and tells what became of them. Every failure is kept with its
// cause, so that whoever waits for the transfer gets the whole error and not only its code.

import type { ChunkStore, FileChoice, ManifestDocument } from '@shoal/chunker';
import { assertNever, type LinkPort, ShoalError } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import { BodyHolders } from './body-holders.ts';
import { RecentChunks } from './recent-chunks.ts';
import type { StoreFact, StoreOrder } from '../store-orders.ts';

const recentBytesMax = 8 * 1024 * 1024; // of each transfer: some hundred milliseconds of a fast one

export interface ExpectedStore {
  /** Opens the store for content of this manifest. */
  readonly open: (document: ManifestDocument) => Promise<ChunkStore>;
  /** Which files it is to be finished with; undefined: all. */
  readonly only: () => FileChoice | undefined;
}

type BodySource = Pick<LinkPort, 'lend' | 'recycle'>;

/** What is carried out later, and answered. */
type Work = Exclude<StoreOrder, { type: 'closeStore' | 'releaseBody' }>;

interface Shelf {
  readonly expected: ExpectedStore | undefined;
  store: ChunkStore | undefined;
  trouble: ShoalError | undefined;
  readonly recent: RecentChunks;
}

export class StoreKeeper {
  readonly #tell: (fact: StoreFact) => void;
  readonly #memory: BodySource;
  readonly #holders: BodyHolders;
  readonly #shelves = new Map<SwarmId, Shelf>();
  readonly #closing = new Set<Promise<void>>();

  /** `memory` lends bodies to read into, and takes back what nobody looks at any more. */
  constructor(tell: (fact: StoreFact) => void, memory: BodySource = {}) {
    this.#tell = tell;
    this.#memory = memory;
    this.#holders = new BodyHolders((body) => memory.recycle?.(body));
  }

  /** A store that is open already. */
  adopt(swarm: SwarmId, store: ChunkStore): void {
    this.#shelves.set(swarm, this.#newShelf(undefined, store));
  }

  /** A store to be opened when the manifest is there. */
  expect(swarm: SwarmId, expected: ExpectedStore): void {
    this.#shelves.set(swarm, this.#newShelf(expected, undefined));
  }

  /** The open store of a swarm. */
  store(swarm: SwarmId): ChunkStore | undefined {
    return this.#shelves.get(swarm)?.store;
  }

  /** What last went wrong in a swarm's store. */
  trouble(swarm: SwarmId): ShoalError | undefined {
    return this.#shelves.get(swarm)?.trouble;
  }

  /** A chunk for ourselves, in memory of its own. Fails as the store does. */
  async read(swarm: SwarmId, chunk: number): Promise<Uint8Array> {
    const shelf = this.#shelves.get(swarm);
    if (shelf?.store === undefined) throw new ShoalError('notFound', `chunk ${chunk} is not held`);
    return shelf.recent.get(chunk)?.slice() ?? shelf.store.readChunk(chunk);
  }

  /** The answer comes later, never from within. */
  perform(order: StoreOrder): void {
    if (order.type === 'releaseBody') return this.#holders.drop(order.body);
    const shelf = this.#shelves.get(order.swarm);
    if (shelf === undefined) return;
    if (order.type === 'closeStore') return this.#close(order.swarm, shelf);
    void this.#answer(order, shelf);
  }

  /** Waits until every store that was closed has let go of its files. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #newShelf(expected: ExpectedStore | undefined, store: ChunkStore | undefined): Shelf {
    return { expected, store, trouble: undefined, recent: new RecentChunks(recentBytesMax, this.#holders) };
  }

  #close(swarm: SwarmId, shelf: Shelf): void {
    this.#shelves.delete(swarm);
    if (shelf.store === undefined) return;
    const closing = shelf.store.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #answer(order: Work, shelf: Shelf): Promise<void> {
    const fact = await this.#carryOut(order, shelf);
    // A swarm may have been left, and joined anew, while its disk was at work.
    if (this.#shelves.get(order.swarm) === shelf) this.#tell(fact);
  }

  async #carryOut(order: Work, shelf: Shelf): Promise<StoreFact> {
    const { swarm } = order;
    try {
      switch (order.type) {
        case 'openStore':
          return await this.#open(swarm, order.document, shelf);
        case 'writeChunk': {
          const { chunk } = order;
          const startedAt = performance.now();
          const writing = shelf.store!.writeChunk(chunk, order.body); // verifies before it returns
          const hashMs = performance.now() - startedAt;
          const outcome = await writing;
          if (outcome === 'stored') shelf.recent.put(chunk, order.body);
          return outcome === 'damaged'
            ? { type: 'chunkDamaged', swarm, chunk }
            : { type: 'chunkStored', swarm, chunk, hashMs };
        }
        case 'readChunk': {
          const body = shelf.recent.get(order.chunk) ?? (await this.#read(order.chunk, shelf.store!));
          this.#holders.hold(body);
          return { type: 'chunkRead', swarm, read: order.read, body };
        }
        case 'finishStore': {
          const only = shelf.expected?.only();
          await shelf.store!.finish({ only });
          return { type: 'storeFinished', swarm, ...(only && { held: shelf.store!.held.clone() }) };
        }
        default:
          return assertNever(order, 'store order');
      }
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error;
      shelf.trouble = error;
      return failure(order, error);
    }
  }

  #read(chunk: number, store: ChunkStore): Promise<Uint8Array> {
    return store.readChunk(chunk, this.#memory.lend?.(store.layout.sizeOfChunk(chunk)));
  }

  async #open(swarm: SwarmId, document: ManifestDocument, shelf: Shelf): Promise<StoreFact> {
    const store = await shelf.expected!.open(document);
    // Left meanwhile: nobody else will close it.
    if (this.#shelves.get(swarm) !== shelf) await store.close();
    shelf.store = store;
    return { type: 'storeOpened', swarm, shape: document.layout, held: store.held.clone() };
  }
}

function failure(order: Work, { code }: ShoalError): StoreFact {
  const { swarm } = order;
  switch (order.type) {
    case 'openStore':
      return { type: 'storeRefused', swarm, code };
    case 'writeChunk':
      return { type: 'writeFailed', swarm, chunk: order.chunk, code };
    case 'readChunk':
      return { type: 'readFailed', swarm, chunk: order.chunk, read: order.read, code };
    case 'finishStore':
      return { type: 'finishFailed', swarm, code };
    default:
      return assertNever(order, 'store order');
  }
}
