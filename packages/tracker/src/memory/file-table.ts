// All listed files of a tracker's memory: by swarm, by name, by number, and in an order that pages can be cut from.

import type { DraftId, FileListing, FileOffer, SwarmId, SwarmKey } from '@shoal/wire';
import { isDraft } from '@shoal/wire';
import { Rows } from './columns.ts';
import { DraftClaims } from './draft-claims.ts';
import { ListedFile, type Tables } from './listed-file.ts';

/** Files that a list with a filter looks at, and files of one name that a search by name compares. */
const filterScanMax = 10_000;
const sameNameMax = 16;

/** What an operator knows of a draft. */
export interface Pin {
  readonly derived: SwarmId;
  readonly hashes: Uint8Array;
}

export class FileTable {
  readonly #tables: Tables;
  readonly #quorum: number;
  readonly #numbers = new Rows();
  readonly #byNumber: (ListedFile | undefined)[] = [];
  readonly #bySwarm = new Map<SwarmKey, ListedFile>();
  /** One file as it is, several in a set: most names are there once. */
  readonly #byName = new Map<string, ListedFile | Set<ListedFile>>();
  readonly #order: ListedFile[] = []; // each at its `place`
  readonly #pins = new Map<DraftId, Pin>();

  constructor(tables: Tables, quorum: number) {
    this.#tables = tables;
    this.#quorum = quorum;
  }

  get size(): number {
    return this.#order.length;
  }

  get(swarm: SwarmKey): ListedFile | undefined {
    return this.#bySwarm.get(swarm);
  }

  at(number: number): ListedFile {
    return this.#byNumber[number]!;
  }

  add(offer: FileOffer): ListedFile {
    const { swarm, name } = offer;
    const pin = isDraft(swarm) ? this.#pins.get(swarm) : undefined;
    const claims = isDraft(swarm) ? new DraftClaims(this.#quorum, pin?.hashes) : undefined;
    const file = new ListedFile(this.#numbers.take(), offer, claims, this.#tables);
    file.derived = pin?.derived;
    file.place = this.#order.push(file) - 1;
    this.#byNumber[file.number] = file;
    this.#bySwarm.set(swarm, file);
    const same = this.#byName.get(name);
    if (same instanceof Set) same.add(file);
    else this.#byName.set(name, same === undefined ? file : new Set([same, file]));
    return file;
  }

  remove(file: ListedFile): void {
    const { name, swarm } = file.offer;
    this.#bySwarm.delete(swarm);
    this.#byNumber[file.number] = undefined;
    this.#numbers.give(file.number);
    const last = this.#order.pop()!;
    if (last !== file) {
      this.#order[file.place] = last;
      last.place = file.place;
    }
    const same = this.#byName.get(name);
    if (!(same instanceof Set) || (same.delete(file) && same.size === 0)) this.#byName.delete(name);
  }

  list(filter: string, offset: number, countMax: number): { readonly total: number; readonly files: FileListing[] } {
    const page = (files: readonly ListedFile[]): { total: number; files: FileListing[] } => ({
      total: files.length,
      files: files.slice(offset, offset + countMax).map((file) => file.listing),
    });
    if (filter === '') return page(this.#order);
    return page(this.#order.slice(0, filterScanMax).filter((file) => file.offer.name.includes(filter)));
  }

  mostSeeded(name: string): ListedFile | undefined {
    const same = this.#byName.get(name);
    if (!(same instanceof Set)) return same;
    let best: ListedFile | undefined;
    let looked = 0;
    for (const file of same) {
      if (best === undefined || file.seeders > best.seeders) best = file;
      looked += 1;
      if (looked === sameNameMax) break;
    }
    return best;
  }

  /** The file that the pin is about, if it is listed. */
  pin(draft: DraftId, pin: Pin): ListedFile | undefined {
    this.#pins.set(draft, pin);
    const file = this.get(draft);
    if (file !== undefined) file.derived = pin.derived;
    return file;
  }

  /** Whether every chunk of a draft is agreed upon. */
  isComplete({ claims, offer }: ListedFile): boolean {
    return claims !== undefined && claims.counts.chunkList === offer.chunkCount;
  }

  /** A derived name holds only while the draft is complete, a pinned one always. */
  checkDerived(file: ListedFile): void {
    if (file.derived === undefined || this.isComplete(file)) return;
    if (!this.#pins.has(file.offer.swarm as DraftId)) file.derived = undefined;
  }
}
