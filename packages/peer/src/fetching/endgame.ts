// The last chunks: everything missing is asked for, and a slow remote must not keep all the others waiting. A request
// is doubled only where another remote is likely to be clearly quicker, so that little is fetched for nothing.

import type { Instant } from '@shoal/machine';
import type { Remote } from '../remote.ts';
import type { Asked, Asks } from './asks.ts';

const askersMax = 2; // one chunk is asked of at most so many remotes at once (silent ones not counted)
const clearlyQuicker = 1.5; // the newcomer's time, so many times over, must still beat the wait

/** The chunk of those that count that `remote`, which has room, should be asked for although others were before it. */
export function chunkToDouble(
  remote: Remote,
  asks: Asks,
  now: Instant,
  counts: (chunk: number) => boolean = () => true,
): number | undefined {
  let chunk: number | undefined;
  let longestMs = 0;
  for (const asked of asks) {
    if (!remote.has(asked.chunk) || !counts(asked.chunk)) continue;
    const waitMs = remainingMs(asked, now);
    if (waitMs <= longestMs || !isQuicker(remote, asked, waitMs, now)) continue;
    const others = asks.ofChunk(asked.chunk);
    if (others.filter((other) => !other.givenUp).length >= askersMax) continue;
    if (others.some((other) => other.remote === remote)) continue;
    [chunk, longestMs] = [asked.chunk, waitMs];
  }
  return chunk;
}

/** What is left of the usual time; once that has passed, as long again as has passed already. */
function remainingMs({ remote, at, givenUp }: Asked, now: Instant): number {
  if (givenUp) return Number.POSITIVE_INFINITY;
  const ageMs = now - at;
  const usualMs = remote.pipeline.usualMs ?? remote.pipeline.patienceMs;
  return ageMs < usualMs ? usualMs - ageMs : ageMs;
}

function isQuicker(remote: Remote, asked: Asked, waitMs: number, now: Instant): boolean {
  const { usualMs } = remote.pipeline;
  if (usualMs !== undefined) return usualMs * clearlyQuicker < waitMs;
  // Nothing is known of the newcomer: it is tried where the other one is overdue.
  return now - asked.at > (asked.remote.pipeline.usualMs ?? asked.remote.pipeline.patienceMs);
}
