// A moment's view of who is in a swarm and what each of them holds: what a picture of it is drawn from, a few times a second.

import { type Address, Bitfield, type LinkId, type LinkStats, type PeerId } from '@shoal/machine';
import type { ContentShape } from './content.ts';
import type { Remote } from './remote.ts';

export interface SwarmPicture {
  readonly chunkCount: number;
  readonly totalBytes: number;
  /** What we hold; a copy. */
  readonly held: Bitfield;
  readonly remotes: readonly RemotePicture[];
}

/** Somebody linked in the swarm, as far as it tells. */
export interface RemotePicture {
  readonly peer: PeerId;
  readonly address: Address;
  readonly link: LinkId;
  /** It has everything, though it tells of it bit by bit. */
  readonly isOwner: boolean;
  /** A copy; undefined until both sides know the manifest. */
  readonly held: Bitfield | undefined;
  /** How the link is doing; undefined where its carrier does not say. */
  readonly stats?: LinkStats | undefined;
}

/** Of what we hold ourselves, and of everybody. */
export function pictureOf(own: { shape: ContentShape; held: Bitfield }, all: Iterable<Remote>): SwarmPicture {
  const { chunkCount, totalBytes } = own.shape;
  const remotes = Array.from(all, ({ peer, address, link, isOffering, held }) => ({
    peer,
    address,
    link,
    isOwner: isOffering,
    held: isOffering ? Bitfield.full(chunkCount) : held?.clone(),
  }));
  return { chunkCount, totalBytes, held: own.held.clone(), remotes };
}
