// What a waiting call does when its signal says stop.

import { ShoalError } from '@shoal/machine';

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal);
}

export const abortError = (signal: AbortSignal | undefined): ShoalError =>
  new ShoalError('aborted', 'stopped before it was done', { cause: signal?.reason });
