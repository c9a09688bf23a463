// How fast transfers may be, as a person writes it: `--limit-up 500k`.

import { parseByteSize } from '@shoal/chunker';
import { UsageError } from '@shoal/machine';
import type { RateLimits } from '@shoal/peer';

export interface LimitOptions {
  readonly limitUp?: string;
  readonly limitDown?: string;
}

export const readLimits = ({ limitUp, limitDown }: LimitOptions): RateLimits => ({
  upBytesPerSecondMax: readRate('--limit-up', limitUp),
  downBytesPerSecondMax: readRate('--limit-down', limitDown),
});

function readRate(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text);
  if (bytes === undefined || bytes === 0)
    throw new UsageError(option, `"${text}" is not a size for each second, such as 500KB or 5MB`);
  return bytes;
}
