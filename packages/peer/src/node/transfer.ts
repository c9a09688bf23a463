// What a caller of `get` and `share` holds in hand: events, progress, and the end.

import type { Ticket } from '@shoal/chunker';
import type { SkippedEntry } from '@shoal/chunker/node';
import type { SwarmId } from '@shoal/wire';
import type { SessionEvent } from '../events.ts';
import type { SwarmReport } from '../tally.ts';

/** What happens to one transfer, and to the peer around it. */
export type TransferEvent = SessionEvent;

/** How far a transfer is. */
export interface TransferProgress extends SwarmReport {
  readonly swarm: SwarmId;
  readonly name: string;
  /** `finding` somebody who has the manifest, `fetching` chunks, `finished` and served on, or `ended`. */
  readonly state: 'finding' | 'fetching' | 'finished' | 'ended';
}

/** What became of a finished transfer. */
export interface TransferReport extends SwarmReport {
  readonly swarm: SwarmId;
  readonly name: string;
  /** Where the file or folder stands. */
  readonly destination: string;
}

/** Something that is being fetched. */
export interface Transfer extends AsyncDisposable {
  readonly swarm: SwarmId;
  readonly ticket: Ticket;
  readonly destination: string;
  /** From now on; may be iterated several times. Ends with the transfer. */
  readonly events: AsyncIterable<TransferEvent>;
  /**
   * Settles when the content stands complete under its name. Fails with a ShoalError: `timedOut` and `aborted` (what
   * has arrived is kept for the next time), `exists`, `storeBusy`, `diskFailed`, `permissionDenied`, `nameUnsafe` …
   */
  readonly done: Promise<TransferReport>;
  progress(): TransferProgress;
  /** Ends it: stops fetching, or serving on. What has arrived is kept. */
  close(): Promise<void>;
}

/** Something that is being shared. */
export interface Share extends AsyncDisposable {
  readonly swarm: SwarmId;
  /** The link to hand to others. */
  readonly ticket: string;
  readonly name: string;
  readonly bytes: number;
  readonly chunkCount: number;
  readonly fileCount: number;
  /** What was left out of a folder, and why. */
  readonly skipped: readonly SkippedEntry[];
  /** From now on; may be iterated several times. Ends when it is no longer shared. */
  readonly events: AsyncIterable<TransferEvent>;
  progress(): TransferProgress;
  /** Shares it no longer. */
  close(): Promise<void>;
}
