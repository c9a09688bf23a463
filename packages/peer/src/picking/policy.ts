// Which chunk next? A policy knows only which chunks are free to be asked for and how many copies of each are near;
// who is asked, when and how often is not its business. Sequential and random orders are other bodies of this.

import type { Bitfield } from '@shoal/machine';

export interface PickingPolicy {
  /** How many chunks can be picked. */
  readonly size: number;
  /** The chunk may be picked. `urgent` goes before all others: somebody was asked for it and failed. */
  add(chunk: number, urgent?: boolean): void;
  /** The chunk is asked for or held: no longer to be picked. */
  remove(chunk: number): void;
  has(chunk: number): boolean;
  /** So many copies of the chunk are known. Told for every chunk, free or not. */
  setCopies(chunk: number, copies: number): void;
  /** The best free chunk among those set in `among`; undefined when there is none. It stays free. */
  pick(among: Bitfield): number | undefined;
}
