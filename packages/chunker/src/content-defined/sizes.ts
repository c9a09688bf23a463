// How large content-defined chunks are. The sizes must not follow those of the content closely: two versions are cut in
// the same places only if they are cut by the same sizes. So they change in few, large steps.

import { UsageError } from '@shoal/machine';
import { chunkBytesMax, chunkCountMin } from '../chunk-size.ts';
import type { ContentDefinedChunking } from '../chunking.ts';

/** What chunks have on average unless something else is asked for: few enough to ask for singly, and most of an edited tree is found again. */
const averageBytesDefault = 32_768;

/** Below this the cuts are no longer those of the bytes but of the sizes. */
const averageBytesMin = 512;
const averageBytesMax = 2_097_152;
const step = 4;

/** So that the table stays small beside the content. Even if all chunks had the least size, there would be few enough. */
const chunkCountGoal = 65_536;

/**
 * The sizes for content of `totalBytes`, cut in chunks of about `wanted` bytes, by default 32,768.
 * - By default four times as large, and again, while there would be more than 65,536 chunks: up to 2,097,152 bytes.
 * - Small content: a quarter, and again, until there are at least 5 chunks; below 7,680 bytes fifths, as of fixed chunks.
 */
export function contentDefinedFor(totalBytes: number, wanted?: number): ContentDefinedChunking {
  if (wanted !== undefined && !(Number.isSafeInteger(wanted) && wanted >= averageBytesMin && wanted <= averageBytesMax))
    throw new UsageError(
      'chunkBytes',
      `content-defined chunks have from ${averageBytesMin} to ${averageBytesMax} bytes on average, not ${wanted}`,
    );
  let average = wanted ?? defaultFor(totalBytes);
  while (average >= averageBytesMin && sizesOf(average).maxBytes * chunkCountMin > totalBytes)
    average = Math.floor(average / step);
  if (average >= averageBytesMin) return sizesOf(average);
  const fifth = Math.max(1, Math.floor(totalBytes / chunkCountMin));
  return { kind: 'contentDefined', minBytes: fifth, averageBytes: fifth, maxBytes: fifth };
}

function defaultFor(totalBytes: number): number {
  let average = averageBytesDefault;
  while (average < averageBytesMax && totalBytes / average > chunkCountGoal) average *= step;
  return average;
}

/**
 * FastCDC's parameters: what it calls average is where cuts become frequent, a little below the mean. The least size is
 * passed over unread, so a large one saves time; what new releases cost with these is in the README.
 */
const sizesOf = (average: number): ContentDefinedChunking => ({
  kind: 'contentDefined',
  minBytes: Math.floor(average / 2),
  averageBytes: Math.floor((average * 25) / 32),
  maxBytes: Math.min(average * 3, chunkBytesMax),
});
