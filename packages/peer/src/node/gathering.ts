// A file-set that nobody has a manifest of, gathered chunk by chunk as peers agree through trackers what each hashes to.

import { type ChunkStore, type HashSuite } from '@shoal/chunker';
import { Bitfield, UsageError } from '@shoal/machine';
import { type Draft, draftId, type DraftId, type SwarmId } from '@shoal/wire';
import { type DraftContent, swarmOfDraft } from '../draft-content.ts';
import type { RateLimits } from '../rate-limits.ts';
import type { Transfer } from './transfer.ts';

/** A store of chunks whose hashes become known with time: `openDraftFolder` of `@shoal/chunker/node` makes one. */
export interface DraftStore extends ChunkStore {
  /** 32 bytes for each chunk, right for those held. */
  readonly digests: Uint8Array;
  /** The chunk hashes to this. True when it is held so; one that is not is to be written anew. */
  expect(chunk: number, digest: Uint8Array): boolean;
}

export interface GatherOptions {
  readonly draft: Draft;
  /** What is there already is claimed. Taken over. */
  readonly store: DraftStore;
  readonly limits?: RateLimits;
  readonly signal?: AbortSignal;
}

/** Something that is being gathered. It is served on when it is complete, until it is closed. */
export interface Gathering extends Transfer {
  readonly draft: DraftId;
  /** Whether peers are known to agree on what the chunk hashes to. */
  isAgreed(chunk: number): boolean;
  /** Peers agree on what these chunks hash to, by chunk. Answers those that were not agreed upon before. */
  agree(hashes: Iterable<readonly [chunk: number, hash: Uint8Array]>): number[];
}

/** What is known of a draft before anything comes. */
export interface DraftStart extends DraftContent {
  readonly swarm: SwarmId;
}

/** Throws UsageError when `draft` cannot be one, or `store` is not of it. */
export function startOf({ draft, store }: GatherOptions, hashes: HashSuite): DraftStart {
  const id = draftId(draft);
  if (id === undefined) throw new UsageError('draft', 'has a name with a slash, or no size, or is beyond a limit');
  if (store.layout.totalBytes !== draft.bytes) throw new UsageError('store', `is not one of ${draft.bytes} bytes`);
  return { id, swarm: swarmOfDraft(id, hashes), claimed: store.held.clone(), hashes: store.digests };
}

/** What becomes of what peers agree on. */
export interface AgreementSink {
  /** All that is agreed upon so far, and what of it is here. */
  readonly agree: (agreed: Bitfield, here: readonly number[]) => void;
  /** What is here is another chunk. */
  readonly lost: (chunk: number) => void;
}

/** The transfer of a draft. */
export function asGathering(
  transfer: Transfer,
  { id, claimed }: DraftStart,
  store: DraftStore,
  sink: AgreementSink,
): Gathering {
  const agreed = new Bitfield(store.chunkCount);
  return Object.assign(transfer, {
    draft: id,
    isAgreed: (chunk: number) => agreed.has(chunk),
    agree(hashes: Iterable<readonly [number, Uint8Array]>) {
      const fresh: number[] = [];
      const here: number[] = [];
      for (const [chunk, hash] of hashes) {
        if (!agreed.set(chunk)) continue;
        fresh.push(chunk);
        if (store.expect(chunk, hash)) here.push(chunk);
        else if (claimed.clear(chunk)) sink.lost(chunk);
      }
      if (fresh.length > 0) sink.agree(agreed.clone(), here);
      return fresh;
    },
  });
}
