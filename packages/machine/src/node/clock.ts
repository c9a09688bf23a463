// Node's monotonic clock as a Clock: performance.now() and setTimeout.

import { performance } from 'node:perf_hooks';
import type { Clock } from '../driver.ts';
import { instant, type Instant } from '../time.ts';

const timeoutMsMax = 2 ** 31 - 1; // setTimeout fires at once above it; waking early is harmless

/** Milliseconds since the process began. A set alarm keeps the process alive, as any timer does. */
export const nodeClock: Clock = {
  now: (): Instant => instant(performance.now()),
  alarm(at, ring) {
    const delayMs = Math.min(timeoutMsMax, Math.max(0, Math.ceil(at - performance.now())));
    const timer = setTimeout(ring, delayMs);
    return () => clearTimeout(timer);
  },
};
