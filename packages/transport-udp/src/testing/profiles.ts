// Paths that real transfers meet, as profiles of the simulated network. The names and figures are those of the link
// emulator in tools/netlab, so that what is measured here can be measured there with real sockets.

import type { PathProfile } from './datagram-network.ts';

const megabit = 125_000; // bytes per second

/** A path of `megabits`, whose queue holds `queueMs` at that rate. */
const path = (megabits: number, delayMs: number, queueMs: number, more: Partial<PathProfile> = {}): PathProfile => ({
  delayMs,
  rateBytesPerSecond: megabits * megabit,
  queueBytes: (megabits * megabit * queueMs) / 1_000,
  ...more,
});

export type PathProfileName =
  | 'lan-1g'
  | 'wan-100m'
  | 'lossy-1pct'
  | 'lossy-5pct'
  | 'lossy-wifi'
  | 'satellite'
  | 'bufferbloat'
  | 'longfat'
  | 'mobile'
  | 'corrupt'
  | 'reorder';

/** Delays are one way. */
export const pathProfiles: Readonly<Record<PathProfileName, PathProfile>> = {
  'lan-1g': path(1_000, 0.1, 5),
  'wan-100m': path(100, 10, 20),
  'lossy-1pct': path(100, 20, 40, { loss: 0.01 }),
  'lossy-5pct': path(100, 20, 40, { loss: 0.05 }),
  'lossy-wifi': path(50, 0, 100, { jitterMs: 4, jitterPeriodMs: 10, burst: { enter: 0.005, leave: 0.2, loss: 0.5 } }),
  satellite: path(20, 300, 600),
  bufferbloat: path(20, 10, 1_000),
  longfat: path(1_000, 50, 100),
  mobile: path(30, 15, 300, {
    jitterMs: 20,
    jitterPeriodMs: 10,
    burst: { enter: 0.002, leave: 0.2, loss: 0.5 },
    outage: { everyMs: 5_000, forMs: 500 },
  }),
  corrupt: path(100, 10, 20, { corrupt: 0.001 }),
  reorder: path(100, 10, 20, { reorder: 0.05, reorderByMs: 3 }),
};
