// The peers a tracker knows, by column: their contact as replies carry it, when they were last heard of (in a list from
// the longest silent to the latest, so that forgetting costs only the forgotten), and their share of the table.

import { type Address, fromHex, type Instant, instant, type PeerId, toHex } from '@shoal/machine';
import { contactBytes, contactPeerAt, readContact, writeAddress, writeContact } from '@shoal/wire';
import { resized, roomFor, Rows } from './columns.ts';
import { HostCounts } from './host-counts.ts';
import { mixed, RowIndex } from './row-index.ts';

const none = -1;
/** A contact record, and a holder's too, is a whole number of byte pairs. */
const contactPairs = contactBytes / 2;
const keyBytes = contactBytes - contactPeerAt;

export class PeerTable {
  readonly #rows = new Rows();
  readonly #index: RowIndex;
  readonly #seed: number;
  readonly #hosts = new HostCounts();
  readonly #address = new Uint8Array(contactPeerAt); // of a call at hand
  #contacts = new Uint8Array(0);
  #pairs = new Uint16Array(0); // the same memory
  #heardAt = new Float64Array(0);
  #older = new Int32Array(0);
  #newer = new Int32Array(0);
  #oldest = none;
  #newest = none;
  /** First of its memberships, or -1. */
  firstMember: Int32Array = new Int32Array(0);
  /** How many files it is listed for. */
  files: Int32Array = new Int32Array(0);
  /** Memory that its chunks and claims take. */
  chunksBytes: Int32Array = new Int32Array(0);

  /** `seed` keeps strangers from choosing keys that collide. */
  constructor(seed: number) {
    this.#seed = seed;
    this.#index = new RowIndex((row) => this.#hash(this.#contacts, row * contactBytes + contactPeerAt));
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The longest silent one, or -1. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Copies a contact record to `offset` of `target`; both are seen as pairs of bytes, which is faster than `set`. */
  copyContact(row: number, target: Uint16Array, offset: number): void {
    const pairs = this.#pairs;
    const from = row * contactPairs;
    for (let i = 0; i < contactPairs; i += 1) target[offset + i] = pairs[from + i]!;
  }

  /** The row of a peer, or -1. */
  find(peer: PeerId): number {
    const key = fromHex(peer)!;
    return this.#index.find(this.#hash(key, 0), (row) => {
      const at = row * contactBytes + contactPeerAt;
      for (let i = 0; i < key.length; i += 1) if (this.#contacts[at + i] !== key[i]) return false;
      return true;
    });
  }

  add(peer: PeerId, address: Address, now: Instant): number {
    const row = this.#rows.take();
    if (row >= this.#heardAt.length) this.#grow(roomFor(row));
    writeContact(address, peer, this.#contacts, row * contactBytes);
    this.#hosts.add(this.#contacts, row * contactBytes);
    this.firstMember[row] = none;
    this.files[row] = 0;
    this.chunksBytes[row] = 0;
    this.#index.add(row);
    this.#append(row, now);
    return row;
  }

  /** How many peers are known at the host. */
  countAt(address: Address): number {
    writeAddress(address, this.#address, 0);
    return this.#hosts.of(this.#address, 0);
  }

  isAt(row: number, address: Address): boolean {
    writeAddress(address, this.#address, 0);
    const at = row * contactBytes;
    for (let i = 0; i < contactPeerAt; i += 1) if (this.#contacts[at + i] !== this.#address[i]) return false;
    return true;
  }

  addressAt(row: number): Address {
    return readContact(this.#contacts, row * contactBytes).address;
  }

  /** It is reached elsewhere. */
  move(row: number, address: Address): void {
    this.#hosts.remove(this.#contacts, row * contactBytes);
    writeAddress(address, this.#contacts, row * contactBytes);
    this.#hosts.add(this.#contacts, row * contactBytes);
  }

  peerAt(row: number): PeerId {
    return toHex(this.#contacts.subarray(row * contactBytes + contactPeerAt, (row + 1) * contactBytes)) as PeerId;
  }

  heardAt(row: number): Instant {
    return instant(this.#heardAt[row]!);
  }

  /** It was heard of now. */
  renew(row: number, now: Instant): void {
    this.#unlink(row);
    this.#append(row, now);
  }

  remove(row: number): void {
    this.#index.remove(row);
    this.#unlink(row);
    this.#hosts.remove(this.#contacts, row * contactBytes);
    this.#rows.give(row);
  }

  #append(row: number, now: Instant): void {
    this.#heardAt[row] = now;
    this.#older[row] = this.#newest;
    this.#newer[row] = none;
    if (this.#newest === none) this.#oldest = row;
    else this.#newer[this.#newest] = row;
    this.#newest = row;
  }

  #unlink(row: number): void {
    const [older, newer] = [this.#older[row]!, this.#newer[row]!];
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
  }

  #grow(rows: number): void {
    this.#contacts = resized(this.#contacts, rows * contactBytes);
    this.#pairs = new Uint16Array(this.#contacts.buffer);
    this.#heardAt = resized(this.#heardAt, rows);
    this.#older = resized(this.#older, rows);
    this.#newer = resized(this.#newer, rows);
    this.firstMember = resized(this.firstMember, rows);
    this.files = resized(this.files, rows);
    this.chunksBytes = resized(this.chunksBytes, rows);
  }

  #hash(source: Uint8Array, start: number): number {
    let hash = this.#seed;
    for (let i = start; i < start + keyBytes; i += 4)
      hash = mixed(hash ^ ((source[i]! << 24) | (source[i + 1]! << 16) | (source[i + 2]! << 8) | source[i + 3]!));
    return hash;
  }
}
