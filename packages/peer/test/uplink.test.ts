import { expect, test } from 'vitest';
import { Uplink } from '../src/giving/uplink.ts';
import { newRemote } from './support/remotes.ts';

/** An uplink that is always kept full: one chunk each `serviceMs`, arriving `latencyMs` later. */
function usedBy(serviceMs: number, latencyMs: number, chunks: number): Uplink {
  const uplink = new Uplink();
  const remote = newRemote();
  const underWay: { sentAt: number; arrivesAt: number; before: number }[] = [];
  let [now, freeAt] = [0, 0];
  for (let arrived = 0; arrived < chunks; arrived += 1) {
    while (underWay.length < uplink.slots) {
      freeAt = Math.max(now, freeAt) + serviceMs;
      underWay.push({ sentAt: now, arrivesAt: freeAt + latencyMs, before: uplink.arrivedBytes });
    }
    const { sentAt, arrivesAt, before } = underWay.shift()!;
    now = arrivesAt;
    uplink.arrived(remote, 100_000, now - sentAt, before, true);
  }
  return uplink;
}

test('as many answers are under way as a long path holds', () => {
  const { slots } = usedBy(1, 50, 5_000);
  expect(slots).toBeGreaterThanOrEqual(51);
  expect(slots).toBeLessThan(80);
});

test('a long path is filled within some round trips', () => {
  expect(usedBy(1, 50, 130).slots).toBeGreaterThanOrEqual(51);
});

test('an answer is overdue after some times what answers take', () => {
  expect(new Uplink().overdueMs).toBe(3_000);
  expect(usedBy(1, 5, 1_000).overdueMs).toBe(500);
  const { overdueMs } = usedBy(50, 50, 1_000);
  expect(overdueMs).toBeGreaterThan(800);
  expect(overdueMs).toBeLessThan(2_000);
});

test('few are under way on a short path, however long it is kept full', () => {
  expect(usedBy(40, 5, 2_000).slots).toBeLessThanOrEqual(3);
});

test('an uplink that is not asked for much is not taken for a fast one', () => {
  const uplink = new Uplink();
  for (let answer = 0; answer < 100; answer += 1) uplink.arrived(newRemote(), 100_000, 10, uplink.arrivedBytes, false);
  expect(uplink.slots).toBe(2);
});

test('more requests are at hand where the uplink ran dry, and fewer again where they queue', () => {
  const uplink = usedBy(1, 50, 5_000);
  expect(uplink.ahead).toBe(1);
  for (let answer = 0; answer < 100; answer += 1) uplink.madeRoom(3, 0);
  expect(uplink.ahead).toBe(26);
  for (let answer = 0; answer < 200; answer += 1) uplink.madeRoom(uplink.slots - 1, 1);
  expect(uplink.ahead).toBe(26);
  for (let answer = 0; answer < 200; answer += 1) uplink.madeRoom(uplink.slots - 1, 2);
  expect(uplink.ahead).toBe(1);
});
