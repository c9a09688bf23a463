// A file-locations answer put together again: its head says who, its body says which chunks and, of a draft, what they
// hash to.

import { Bitfield, type Address, type PeerId } from '@shoal/machine';
import { type FileLocationsReply, holdersIn, isDraft } from '@shoal/wire';

const hashBytes = 32;

export interface LocatedHolder {
  readonly address: Address;
  readonly peer: PeerId;
  readonly held: Bitfield;
}

export interface LocatedFile {
  readonly holders: readonly LocatedHolder[];
  /** Of a draft: the agreed hash of each chunk of `rarest`. */
  readonly hashes: ReadonlyMap<number, Uint8Array>;
}

/** What a reply and its body say together, or undefined when they do not fit: the tracker is broken. */
export function readLocated({ file, holders, rarest }: FileLocationsReply, body: Uint8Array): LocatedFile | undefined {
  const chunkCount = file?.chunkCount ?? 0;
  const rowBytes = Bitfield.byteLength(chunkCount);
  const located: LocatedHolder[] = [];
  let offset = 0;
  for (const { address, peer, held: count } of holdersIn(holders)) {
    const isFull = count === chunkCount;
    const row = body.subarray(offset, offset + rowBytes);
    const held = isFull ? Bitfield.full(chunkCount) : Bitfield.fromBytes(row, chunkCount);
    if (held === undefined || held.count !== count) return undefined;
    if (!isFull) offset += rowBytes;
    located.push({ address, peer, held });
  }
  const hashed = file !== undefined && isDraft(file.swarm) ? rarest : [];
  if (offset + hashed.length * hashBytes !== body.length) return undefined;
  const hashOf = (i: number): Uint8Array => body.subarray(offset + i * hashBytes, offset + (i + 1) * hashBytes);
  return { holders: located, hashes: new Map(hashed.map((chunk, i) => [chunk, hashOf(i)])) };
}
