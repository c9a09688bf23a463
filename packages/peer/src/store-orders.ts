// What the core wants of a store, and what the store says back. The shell carries these out with the chunker's stores;
// it checks every chunk against the manifest before it counts as held (law 5).

import type { ManifestDocument } from '@shoal/chunker';
import type { Bitfield, ErrorCode } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import type { ContentShape } from './content.ts';

/** Numbers a read, so that its answer finds who waits for it. */
export type ReadNumber = number;

export type StoreOrder =
  /** Answered by `storeOpened` or `storeRefused`. */
  | { readonly type: 'openStore'; readonly swarm: SwarmId; readonly document: ManifestDocument }
  /** Verify and write. Answered once, by `chunkStored`, `chunkDamaged` or `writeFailed`. */
  | { readonly type: 'writeChunk'; readonly swarm: SwarmId; readonly chunk: number; readonly body: Uint8Array }
  /** Answered once, by `chunkRead` or `readFailed`. */
  | { readonly type: 'readChunk'; readonly swarm: SwarmId; readonly chunk: number; readonly read: ReadNumber }
  /** Nobody will look at the body of a `chunkRead` again. Not told of every body: of those that were sent whole. */
  | { readonly type: 'releaseBody'; readonly swarm: SwarmId; readonly body: Uint8Array }
  /** All that is wanted is held: put those files under their names. Answered by `storeFinished` or `finishFailed`. */
  | { readonly type: 'finishStore'; readonly swarm: SwarmId }
  /** The swarm is left. Nothing more is asked of its store, and no answer is awaited. */
  | { readonly type: 'closeStore'; readonly swarm: SwarmId };

export type StoreFact =
  | {
      readonly type: 'storeOpened';
      readonly swarm: SwarmId;
      readonly shape: ContentShape;
      /** Chunks that are there and verified, from an earlier run. Taken over by the core. */
      readonly held: Bitfield;
    }
  | { readonly type: 'storeRefused'; readonly swarm: SwarmId; readonly code: ErrorCode }
  /** `hashMs`: how long everything stood still to verify it, where that is known. */
  | { readonly type: 'chunkStored'; readonly swarm: SwarmId; readonly chunk: number; readonly hashMs?: number }
  | { readonly type: 'chunkDamaged'; readonly swarm: SwarmId; readonly chunk: number }
  | { readonly type: 'writeFailed'; readonly swarm: SwarmId; readonly chunk: number; readonly code: ErrorCode }
  | { readonly type: 'chunkRead'; readonly swarm: SwarmId; readonly read: ReadNumber; readonly body: Uint8Array }
  | {
      readonly type: 'readFailed';
      readonly swarm: SwarmId;
      readonly chunk: number;
      readonly read: ReadNumber;
      readonly code: ErrorCode;
    }
  | {
      readonly type: 'storeFinished';
      readonly swarm: SwarmId;
      /** What is left, when unwanted files went and took along what chunks had of them. */
      readonly held?: Bitfield;
    }
  | { readonly type: 'finishFailed'; readonly swarm: SwarmId; readonly code: ErrorCode };
