// Who is in which swarm, by column: one row for each peer and file. A file keeps its members in a list of its own and
// each member its place there (listed-file.ts); the members of one peer are chained.

import { resized, roomFor, Rows } from './columns.ts';
import type { PeerTable } from './peer-table.ts';
import { mixed, RowIndex } from './row-index.ts';

const none = -1;

export class MemberTable {
  readonly #rows = new Rows();
  readonly #peers: PeerTable;
  readonly #index = new RowIndex((row) => hash(this.peer[row]!, this.file[row]!));
  peer: Int32Array = new Int32Array(0);
  /** By number. */
  file: Int32Array = new Int32Array(0);
  /** In the list of the file. */
  place: Int32Array = new Int32Array(0);
  /** How many chunks it holds. */
  held: Int32Array = new Int32Array(0);
  #next = new Int32Array(0); // of the same peer
  #previous = new Int32Array(0);

  constructor(peers: PeerTable) {
    this.#peers = peers;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row of a peer in a file, or -1. */
  find(peer: number, file: number): number {
    return this.#index.find(hash(peer, file), (row) => this.peer[row] === peer && this.file[row] === file);
  }

  add(peer: number, file: number): number {
    const row = this.#rows.take();
    if (row >= this.peer.length) this.#grow(roomFor(row));
    this.peer[row] = peer;
    this.file[row] = file;
    this.held[row] = 0;
    const next = this.#peers.firstMember[peer]!;
    this.#next[row] = next;
    this.#previous[row] = none;
    if (next !== none) this.#previous[next] = row;
    this.#peers.firstMember[peer] = row;
    this.#peers.files[peer]! += 1;
    this.#index.add(row);
    return row;
  }

  remove(row: number): void {
    this.#index.remove(row);
    const [peer, previous, next] = [this.peer[row]!, this.#previous[row]!, this.#next[row]!];
    if (previous === none) this.#peers.firstMember[peer] = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
    this.#peers.files[peer]! -= 1;
    this.#rows.give(row);
  }

  /** The members of one peer. The one at hand may be removed meanwhile. */
  *of(peer: number): Generator<number> {
    for (let row = this.#peers.firstMember[peer]!; row !== none;) {
      const next = this.#next[row]!;
      yield row;
      row = next;
    }
  }

  #grow(rows: number): void {
    this.peer = resized(this.peer, rows);
    this.file = resized(this.file, rows);
    this.place = resized(this.place, rows);
    this.held = resized(this.held, rows);
    this.#next = resized(this.#next, rows);
    this.#previous = resized(this.#previous, rows);
  }
}

/** Both numbers are ours, so nobody can choose them. */
const hash = (peer: number, file: number): number => mixed(Math.imul(peer, 0x9e3779b1) ^ mixed(file));
