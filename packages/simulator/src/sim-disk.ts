// A peer's disk: its chunk store, in memory, which outlives the peer's restarts. It may be slow or full, and chunks on it
// may go bad. What an order does, it does half-way through the time it takes, so a peer killed meanwhile is killed before
// its write or after it.

import { type HashSuite, MemoryChunkStore } from '@shoal/chunker';
import { assertNever, invariant, type Rng } from '@shoal/machine';
import type { StoreFact, StoreOrder } from '@shoal/peer';
import type { SimContent } from './content.ts';

export interface SimDiskOptions {
  readonly content: SimContent;
  readonly hashes: HashSuite;
  readonly rng: Rng;
  /** Holds the content from the start. */
  readonly isFilled: boolean;
  /** How long an order takes. */
  readonly delayMs: number;
}

export class SimDisk {
  delayMs: number;
  /** No more chunks fit. */
  isFull = false;
  readonly #hashes: HashSuite;
  readonly #rng: Rng;
  readonly #rotten = new Set<number>();
  #store: MemoryChunkStore | undefined;

  constructor({ content: { document, bytes }, hashes, rng, isFilled, delayMs }: SimDiskOptions) {
    this.delayMs = delayMs;
    this.#hashes = hashes;
    this.#rng = rng;
    if (isFilled) this.#store = new MemoryChunkStore({ document, hashes, content: bytes, keepReferences: true });
  }

  /** Undefined before the peer knows the manifest. */
  get store(): MemoryChunkStore | undefined {
    return this.#store;
  }

  /** So many chunks go bad: found out when they are read, and then gone. */
  rot(count: number): void {
    const held = Array.from(this.#store?.held.ones() ?? []);
    for (const chunk of this.#rng.shuffle(held).slice(0, count)) this.#rotten.add(chunk);
  }

  /** Undefined when nothing is answered. */
  carryOut(order: StoreOrder): StoreFact | undefined {
    const { swarm } = order;
    if (order.type === 'closeStore' || order.type === 'releaseBody') return undefined;
    if (order.type === 'openStore') return this.#open(order);
    const store = this.#store;
    invariant(store !== undefined, 'a store is opened before it is used');
    switch (order.type) {
      case 'finishStore':
        return store.held.isFull
          ? { type: 'storeFinished', swarm }
          : { type: 'finishFailed', swarm, code: 'unfinished' };
      case 'writeChunk': {
        const { chunk, body } = order;
        if (this.isFull) return { type: 'writeFailed', swarm, chunk, code: 'diskFull' };
        return { type: store.writeNow(chunk, body) === 'damaged' ? 'chunkDamaged' : 'chunkStored', swarm, chunk };
      }
      case 'readChunk': {
        const { chunk, read } = order;
        if (this.#rotten.delete(chunk)) return this.#lose(store, order);
        const body = store.readNow(chunk);
        if (body === undefined) return { type: 'readFailed', swarm, chunk, read, code: 'notFound' };
        return { type: 'chunkRead', swarm, read, body };
      }
      default:
        return assertNever(order, 'store order');
    }
  }

  #open({ swarm, document }: StoreOrder & { type: 'openStore' }): StoreFact {
    this.#store ??= new MemoryChunkStore({ document, hashes: this.#hashes, keepReferences: true });
    return { type: 'storeOpened', swarm, shape: document.layout, held: this.#store.held.clone() };
  }

  /** A store without that chunk takes the place of the one that had it. */
  #lose(old: MemoryChunkStore, { swarm, chunk: lost, read }: StoreOrder & { type: 'readChunk' }): StoreFact {
    const { document } = old;
    this.#store = new MemoryChunkStore({ document, hashes: this.#hashes, keepReferences: true });
    for (const chunk of old.held.ones()) if (chunk !== lost) this.#store.writeNow(chunk, old.readNow(chunk)!);
    return { type: 'readFailed', swarm, chunk: lost, read, code: 'storeDamaged' };
  }
}
