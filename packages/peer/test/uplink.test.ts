import { instant } from '@shoal/machine';
import { expect, test } from 'vitest';
import { Uplink } from '../src/giving/uplink.ts';
import { newRemote } from './support/remotes.ts';

/** Slots of an uplink that is always kept full: one chunk each `serviceMs`, arriving `latencyMs` later. */
function slotsAfter(serviceMs: number, latencyMs: number, chunks: number): number {
  const uplink = new Uplink();
  const remote = newRemote();
  const underWay: { sentAt: number; arrivesAt: number }[] = [];
  let [now, freeAt] = [0, 0];
  for (let arrived = 0; arrived < chunks; arrived += 1) {
    while (underWay.length < uplink.slots(instant(now))) {
      freeAt = Math.max(now, freeAt) + serviceMs;
      underWay.push({ sentAt: now, arrivesAt: freeAt + latencyMs });
    }
    const { sentAt, arrivesAt } = underWay.shift()!;
    now = arrivesAt;
    uplink.arrived(remote, 100_000, now - sentAt, instant(now));
  }
  return uplink.slots(instant(now));
}

test('as many answers are under way as a long path holds', () => {
  const slots = slotsAfter(1, 50, 5_000);
  expect(slots).toBeGreaterThanOrEqual(51);
  expect(slots).toBeLessThan(100);
});

test('few are under way on a short path, however long it is kept full', () => {
  expect(slotsAfter(40, 5, 2_000)).toBeLessThanOrEqual(5);
});
