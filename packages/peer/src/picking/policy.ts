// Which chunk next? A policy orders chunks that are free to be asked for and equally wanted. It knows only how many copies
// of each are near; who is asked, when and how often is not its business, nor that some are wanted sooner (`picker.ts`).

import type { Bitfield } from '@shoal/machine';

export interface PickingPolicy {
  /** How many chunks can be picked. */
  readonly size: number;
  /** The chunk may be picked; so many copies of it are known. */
  add(chunk: number, copies: number): void;
  /** It may no longer. */
  remove(chunk: number): void;
  has(chunk: number): boolean;
  /** Copies of a chunk that may be picked have come or gone. */
  setCopies(chunk: number, copies: number): void;
  /** The best chunk among those set in `among`; undefined when there is none. It may still be picked. */
  pick(among: Bitfield): number | undefined;
}
