// Contacts, holders and claims as bytes, one record after another: messages with many of them are copied together from
// a table, or into one, without an object for each. Numbers have their highest byte first.
//   contact  host 16 (IPv4 as ::ffff:a.b.c.d) | port 2 | peer 32
//   holder   contact 50 | chunks held 4
//   claim    chunk 4 | hash 32

import { type Address, fromHex, ipBytes, type PeerId, readIp, toHex, writeIp } from '@shoal/machine';
import { chunkCountMax } from './limits.ts';
import type { Holder } from './messages.ts';

export const contactBytes = 50;
export const holderBytes = 54;
export const claimBytes = 36;

const hashBytes = 32;
const portAt = ipBytes;
/** Where in a record the peer stands. */
export const contactPeerAt: number = ipBytes + 2;

/** A peer met at a tracker: always with its identity. */
export interface TrackedContact {
  readonly address: Address;
  readonly peer: PeerId;
}

/** One record; undefined when the host is no numeric address. */
export function packContact({ address, peer }: TrackedContact): Uint8Array | undefined {
  const record = new Uint8Array(contactBytes);
  return writeContact(address, peer, record, 0) ? record : undefined;
}

/** Writes a record at `offset`; false when the host is no numeric address. */
export function writeContact(address: Address, peer: PeerId, target: Uint8Array, offset: number): boolean {
  if (!writeAddress(address, target, offset)) return false;
  target.set(fromHex(peer)!, offset + contactPeerAt);
  return true;
}

/** Writes where a record's peer is reached; false when the host is no numeric address. */
export function writeAddress({ host, port }: Address, target: Uint8Array, offset: number): boolean {
  if (!writeIp(host, target, offset)) return false;
  target[offset + portAt] = port >> 8;
  target[offset + portAt + 1] = port & 255;
  return true;
}

/** The record at `offset`. */
export function readContact(source: Uint8Array, offset: number): TrackedContact {
  const port = (source[offset + portAt]! << 8) | source[offset + portAt + 1]!;
  const peer = toHex(source.subarray(offset + contactPeerAt, offset + contactBytes)) as PeerId;
  return { address: { host: readIp(source, offset), port }, peer };
}

export function packHolders(holders: readonly Holder[]): Uint8Array | undefined {
  const packed = new Uint8Array(holders.length * holderBytes);
  for (const [i, { address, peer, held }] of holders.entries()) {
    if (!writeContact(address, peer, packed, i * holderBytes)) return undefined;
    writeHeld(held, packed, i * holderBytes);
  }
  return packed;
}

/** Writes how many chunks the holder whose record stands at `offset` holds. */
export const writeHeld = (held: number, target: Uint8Array, offset: number): void =>
  writeUint32(held, target, offset + contactBytes);

export const contactsIn = (packed: Uint8Array): TrackedContact[] =>
  Array.from({ length: packed.length / contactBytes }, (_, i) => readContact(packed, i * contactBytes));

export const holdersIn = (packed: Uint8Array): Holder[] =>
  Array.from({ length: packed.length / holderBytes }, (_, i) => ({
    ...readContact(packed, i * holderBytes),
    held: readUint32(packed, i * holderBytes + contactBytes),
  }));

/** Claims about `chunks`, whose hashes stand one after another in `hashes`. */
export function packClaims(chunks: readonly number[], hashes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(chunks.length * claimBytes);
  for (const [i, chunk] of chunks.entries()) {
    writeUint32(chunk, packed, i * claimBytes);
    packed.set(hashes.subarray(i * hashBytes, (i + 1) * hashBytes), i * claimBytes + 4);
  }
  return packed;
}

/** The chunk that the claim at `offset` is about; its hash follows in the next 32 bytes. */
export const chunkOfClaim = (packed: Uint8Array, offset: number): number => readUint32(packed, offset);

/** Whether everybody in it can be reached. */
export function areReachable(packed: Uint8Array, recordBytes: number): boolean {
  for (let at = portAt; at < packed.length; at += recordBytes)
    if (packed[at] === 0 && packed[at + 1] === 0) return false;
  return true;
}

export function areHolders(packed: Uint8Array): boolean {
  for (let at = contactBytes; at < packed.length; at += holderBytes)
    if (readUint32(packed, at) > chunkCountMax) return false;
  return areReachable(packed, holderBytes);
}

export function areClaims(packed: Uint8Array): boolean {
  for (let at = 0; at < packed.length; at += claimBytes) if (chunkOfClaim(packed, at) >= chunkCountMax) return false;
  return true;
}

function writeUint32(value: number, target: Uint8Array, offset: number): void {
  for (let i = 0; i < 4; i += 1) target[offset + i] = value >>> (24 - 8 * i);
}

const readUint32 = (source: Uint8Array, offset: number): number =>
  ((source[offset]! << 24) | (source[offset + 1]! << 16) | (source[offset + 2]! << 8) | source[offset + 3]!) >>> 0;
