// A file-locations answer put together again: its head says who, its body says which chunks.

import { Bitfield, type Address, type PeerId } from '@shoal/machine';
import type { FileLocationsReply } from '@shoal/wire';

export interface LocatedHolder {
  readonly address: Address;
  readonly peer: PeerId;
  readonly held: Bitfield;
}

/** The holders with their chunks, or undefined when the body does not fit the reply: the tracker is broken. */
export function locatedHolders({ file, holders }: FileLocationsReply, body: Uint8Array): LocatedHolder[] | undefined {
  const chunkCount = file?.chunkCount ?? 0;
  const rowBytes = Bitfield.byteLength(chunkCount);
  const located: LocatedHolder[] = [];
  let offset = 0;
  for (const { address, peer, held: count } of holders) {
    const isFull = count === chunkCount;
    const row = body.subarray(offset, offset + rowBytes);
    const held = isFull ? Bitfield.full(chunkCount) : Bitfield.fromBytes(row, chunkCount);
    if (held === undefined || held.count !== count) return undefined;
    if (!isFull) offset += rowBytes;
    located.push({ address, peer, held });
  }
  return offset === body.length ? located : undefined;
}
