// The options of commands that can be watched in a browser. What they need is loaded only where it is asked for.

import type { PeerId } from '@shoal/machine';
import type { RateLimits } from '@shoal/peer';
import type { Share, Transfer } from '@shoal/peer/node';
import type { Role } from '@shoal/visualizer';
import type { Context } from '../run.ts';

export interface LiveOptions {
  readonly view?: boolean;
  readonly record?: string;
  readonly open: boolean;
  readonly withHappenings?: boolean;
}

/** Whose transfer it is. */
export interface Watched {
  readonly self: PeerId;
  readonly role: Role;
  readonly limits?: RateLimits;
}

export interface Live extends AsyncDisposable {
  /** Tells of this one from now on, and of none before it. */
  watch(transfer: Transfer | Share, watched: Watched): void;
}

/** Undefined when nobody watches. Disposed of, it has told the end. */
export async function openLive(options: LiveOptions, title: string, context: Context): Promise<Live | undefined> {
  if (options.view !== true && options.record === undefined && options.withHappenings !== true) return undefined;
  const { startLive } = await import('./live.ts');
  return startLive(options, title, context);
}
