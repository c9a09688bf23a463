// How large the chunks of a file-set are. Many chunks let many peers exchange early; few keep the table small and
// the requests long. The rule is part of no format (the manifest carries its result), so it may change.

import { UsageError } from '@shoal/machine';

/** The classic assignment's 100 KB. */
export const chunkBytesDefault = 102_400;

/** Content of at least this many bytes is cut into at least this many chunks. */
export const chunkCountMin = 5;

/**
 * Default-sized chunks double while there are more than `count`. To ask for a chunk, answer, verify, record and announce it
 * costs a peer as much as some 300 KB of bytes do, so up to 4 times the default a thousand chunks are enough, which keep a
 * swarm within a few per cent of its bound (docs/decisions/0015, 0019); after that only the table matters, and chunks are held in
 * memory. The doubling ends at 32 times (3.1 MiB): a chunk is verified as a whole, so it bounds what one bad peer wastes.
 */
const growth = [
  { bytesMax: 4 * chunkBytesDefault, count: 1_024 },
  { bytesMax: 32 * chunkBytesDefault, count: 16_384 },
];

/** Largest chunk of any manifest; a larger one is refused, since a chunk is held in memory as a whole. */
export const chunkBytesMax = 4_194_304;

/** Most chunks of any manifest: their bitfield still fits one message of 65,536 bytes. More are refused. */
export const chunkCountMax = 500_000;

/**
 * The chunk size in bytes for content of `totalBytes`.
 * - Small content (up to 4 chunks' worth): a fifth of it, rounded down, so that there are at least 5 chunks.
 * - Otherwise `wanted`, or by default 102,400 bytes, doubled to 4 times that while there are more than 1,024 chunks, and to
 *   32 times while there are more than 16,384.
 *
 * Throws a UsageError when `wanted` is out of range or gives more chunks than a manifest may have.
 */
export function chunkBytesFor(totalBytes: number, wanted?: number): number {
  if (wanted !== undefined && (!Number.isSafeInteger(wanted) || wanted < 1 || wanted > chunkBytesMax))
    throw new UsageError('chunkBytes', `a chunk has from 1 to ${chunkBytesMax} bytes, not ${wanted}`);
  const size = wanted ?? grownChunkBytes(totalBytes);
  const bytes = totalBytes > (chunkCountMin - 1) * size ? size : Math.max(1, Math.floor(totalBytes / chunkCountMin));
  if (Math.ceil(totalBytes / bytes) > chunkCountMax)
    throw new UsageError(
      'chunkBytes',
      `${totalBytes} bytes in chunks of ${bytes} make more than ${chunkCountMax} chunks: ask for larger chunks (up to ${chunkBytesMax} bytes)`,
    );
  return bytes;
}

function grownChunkBytes(totalBytes: number): number {
  let bytes = chunkBytesDefault;
  for (const { bytesMax, count } of growth)
    while (bytes < bytesMax && Math.ceil(totalBytes / bytes) > count) bytes *= 2;
  return bytes;
}

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
};

/** Bytes of a size as people write it: `102400`, `100KB` (KB = 1,000), `100KiB` (KiB = 1,024, also `100K`), `1.5MiB`; undefined otherwise. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmg]?i?b?)$/i.exec(text.trim());
  const unit = unitBytes[match?.[2]?.toLowerCase() ?? 'none'];
  if (match === null || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
