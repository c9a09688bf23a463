// A store that lives outside of this process, and may be in trouble without it.

import type { ShoalError } from '@shoal/machine';
import type { TrackerStore } from '../store.ts';

export interface LastingStore extends TrackerStore, AsyncDisposable {
  /** Why changes cannot be kept at the moment; undefined while they can. */
  readonly trouble: ShoalError | undefined;
  /** Keeps what was accepted and lets go. */
  close(): Promise<void>;
}
