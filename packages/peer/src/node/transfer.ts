// What a caller of `get` and `share` holds in hand: events, progress, and the end.

import type { Ticket } from '@shoal/chunker';
import type { SkippedEntry } from '@shoal/chunker/node';
import type { SwarmId } from '@shoal/wire';
import type { SessionEvent } from '../events.ts';
import type { StreamOptions } from './file-reader.ts';
import type { Priority } from '../picking/demand.ts';
import type { FileSelector } from '../picking/file-wishes.ts';
import type { SwarmPicture } from '../picture.ts';
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
  /** Who is in the swarm and what each holds. Undefined while the content's cut is not known, and after the end. */
  picture(): SwarmPicture | undefined;
  /**
   * Only these files from now on. Throws a UsageError when the set is known and has none of them, and a ShoalError `refused`
   * when all that was selected is there.
   */
  select(files: FileSelector): void;
  /** These files come `normal`ly, or before others: `soon`, or `now`, in their order. Throws as `select` does. */
  prioritise(files: FileSelector, priority: Exclude<Priority, 'unwanted'>): void;
  /**
   * A file of it, to be read while it arrives; without a path, the only one that is wanted. A file that is read is wanted,
   * whatever was selected.
   */
  file(path?: string): TransferFile;
  /** Ends it: stops fetching, or serving on. What has arrived is kept. */
  close(): Promise<void>;
}

/** A file that may not be there yet. */
export interface TransferFile {
  /** Undefined: the only one. */
  readonly path: string | undefined;
  /**
   * Its bytes in order, verified, as soon as they come and no faster than they are read; what lies before a reader is
   * fetched first. Fails with a ShoalError: `notFound` when the set has no such file, or what ended the transfer; with a
   * UsageError when it is shorter than `start`. Goes on from the finished file when the transfer is done before the reader.
   */
  stream(options?: StreamOptions): ReadableStream<Uint8Array>;
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
  /** Who is in the swarm and what each holds. Undefined while the content's cut is not known, and after the end. */
  picture(): SwarmPicture | undefined;
  /** Shares it no longer. */
  close(): Promise<void>;
}
