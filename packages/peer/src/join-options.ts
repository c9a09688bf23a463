// With what one takes part in a swarm.

import type { ManifestDocument } from '@shoal/chunker';
import type { Address, Bitfield } from '@shoal/machine';
import type { PeerContact, SwarmId } from '@shoal/wire';
import type { ContentShape } from './content.ts';
import type { DraftContent } from './draft-content.ts';
import type { FixedNeighbours } from './links/fixed-neighbours.ts';
import type { PolicyName } from './picking/picker.ts';
import type { RateLimits } from './rate-limits.ts';

export interface JoinOptions {
  readonly swarm: SwarmId;
  /** Under which trackers list it. */
  readonly name: string;
  readonly trackers?: readonly Address[];
  readonly peers?: readonly PeerContact[];
  /** The manifest; fetched from peers when absent. The store is opened by an order. */
  readonly document?: ManifestDocument;
  /** There when the store is open already, with what it holds (taken over). */
  readonly content?: { readonly shape: ContentShape; readonly held: Bitfield };
  /** Instead of a manifest; `content` is there then, with nothing held: see `Session.agree`. */
  readonly draft?: DraftContent | undefined;
  /** Hand out disjoint first copies: for who brings new content. */
  readonly owner?: boolean;
  /** An owner hands out nothing before so many receivers are there at once, so that each gets a part. */
  readonly receivers?: number | undefined;
  /** Whoever asks for a file list is told of it: it is no secret. */
  readonly listed?: boolean | undefined;
  /** Of this swarm alone; those of the session hold besides. */
  readonly limits?: RateLimits | undefined;
  /** Only these, instead of a mesh of all that trackers, `peers` and other peers tell. */
  readonly neighbours?: FixedNeighbours | undefined;
  /** Which chunk next; rarest first unless given. */
  readonly policy?: PolicyName | undefined;
}

/** Where peers of the swarm are found. Fixed neighbours are all there is. */
export function sourcesOf({ trackers = [], peers = [], neighbours }: JoinOptions): {
  readonly trackers: readonly Address[];
  readonly peers: readonly PeerContact[];
} {
  if (neighbours === undefined) return { trackers, peers };
  const { download, callers = [] } = neighbours;
  return { trackers: [], peers: download.concat(callers).map((address) => ({ address })) };
}
