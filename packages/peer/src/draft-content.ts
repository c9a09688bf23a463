// Content that nobody has a manifest of. Its name and sizes are known; what its chunks hash to, peers agree on through a
// tracker. A chunk is asked for only when it is agreed upon, and what came counts by that. What we have is served when a
// tracker knows what we claim of it: from then on nobody takes it for something else.

import { type HashSuite, swarmIdOf } from '@shoal/chunker';
import type { Bitfield } from '@shoal/machine';
import type { DraftId, SwarmId } from '@shoal/wire';

export interface DraftContent {
  readonly id: DraftId;
  /** Chunks that we have and claim. Grows with those that come; who finds that one is another chunk clears it. */
  readonly claimed: Bitfield;
  /** 32 bytes for each chunk, right for those claimed; the store puts those agreed upon there. */
  readonly hashes: Uint8Array;
}

/** The swarm of a draft: no manifest hashes to it, for the header of a manifest begins with another byte than a digit. */
export const swarmOfDraft = (id: DraftId, hashes: HashSuite): SwarmId =>
  swarmIdOf(new TextEncoder().encode(id), hashes);
