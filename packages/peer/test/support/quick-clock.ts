// A clock that runs so many times as fast as the real one, for what a peer waits seconds for.

import { type Clock, instant } from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';

export const quickClock = (times: number): Clock => ({
  now: () => instant(nodeClock.now() * times),
  alarm: (at, ring) => nodeClock.alarm(instant(at / times), ring),
});
