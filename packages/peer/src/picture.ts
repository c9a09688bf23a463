// A moment's view of who is in a swarm and what each of them holds: what a picture of it is drawn from, a few times a second.

import type { Address, Bitfield, LinkId, LinkStats, PeerId } from '@shoal/machine';

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
