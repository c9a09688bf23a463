import { instant, seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import type { Holdup, SwarmReport } from '../src/index.ts';
import { TimeShares } from '../src/time-shares.ts';
import { makeContent, World } from './support/world.ts';

const chunkBytes = 10_240;
const set = makeContent(200 * chunkBytes, chunkBytes, seededRng('holdups'));

const sum = ({ holdups }: SwarmReport): number => Object.values(holdups).reduce((total, ms) => total + ms, 0);

/** The part of the elapsed time that went to this. */
const part = (report: SwarmReport, holdup: Holdup): number => (report.holdups[holdup] ?? 0) / report.elapsedMs;

describe('the time of a transfer', () => {
  test('waits for somebody to come, then goes to the line', () => {
    const world = new World({ seed: 'late owner' });
    const owner = world.addPeer({ upBytesPerMs: 500 });
    const receiver = world.addPeer();
    receiver.get(set, []);
    world.run(4_000);
    owner.share(set, { owner: false });
    receiver.get(set, [owner]);
    world.runUntil(() => receiver.isDone, 30_000);
    const report = receiver.report(set);
    expect(sum(report)).toBeCloseTo(report.elapsedMs, 6);
    expect(report.holdups.noPeers).toBeGreaterThan(3_900);
    expect(report.holdups.noPeers).toBeLessThan(4_300);
    expect(report.holdups.path! + report.holdups.noPeers!).toBeGreaterThan(0.9 * report.elapsedMs);
  });

  test('goes to our own rate limit', () => {
    const world = new World({ seed: 'limited' });
    const owner = world.addPeer({ upBytesPerMs: 10_000 });
    const receiver = world.addPeer({ limits: { downBytesPerSecondMax: 500_000 } });
    owner.share(set, { owner: false });
    receiver.get(set, [owner]);
    world.runUntil(() => receiver.isDone, 30_000);
    const report = receiver.report(set);
    expect(sum(report)).toBeCloseTo(report.elapsedMs, 6);
    expect(part(report, 'rateLimit')).toBeGreaterThan(0.8);
  });

  test('goes to a sender that keeps to its limit', () => {
    const world = new World({ seed: 'limited sender' });
    const owner = world.addPeer({ upBytesPerMs: 10_000, limits: { upBytesPerSecondMax: 500_000 } });
    const receiver = world.addPeer();
    owner.share(set, { owner: false });
    receiver.get(set, [owner]);
    world.runUntil(() => receiver.isDone, 30_000);
    const report = receiver.report(set);
    expect(sum(report)).toBeCloseTo(report.elapsedMs, 6);
    expect(part(report, 'sender')).toBeGreaterThan(0.6); // the rest is the way there and back
  });

  test("goes to a slow disk, ours or the sender's", () => {
    const world = new World({ seed: 'slow disks' });
    const owner = world.addPeer({ upBytesPerMs: 10_000, diskMs: 50 });
    const [receiver, slow] = [world.addPeer(), world.addPeer({ diskMs: 2_000, fetchBytesMax: 2 * chunkBytes })];
    owner.share(set, { owner: false });
    receiver.get(set, [owner]);
    world.runUntil(() => receiver.isDone, 30_000);
    expect(part(receiver.report(set), 'senderDisk')).toBeGreaterThan(0.6);
    slow.get(set, [owner, receiver]);
    world.run(60_000);
    const report = slow.report(set);
    expect(sum(report)).toBeCloseTo(report.elapsedMs, 6);
    expect(part(report, 'disk')).toBeGreaterThan(0.8);
  });

  test('goes to missing sources when nobody has the rest', () => {
    const world = new World({ seed: 'half' });
    const owner = world.addPeer({ upBytesPerMs: 500 });
    const [half, receiver] = [world.addPeer(), world.addPeer()];
    owner.share(set, { owner: false });
    half.get(set, [owner]);
    world.runUntil(() => half.report(set).heldChunks >= 100, 30_000);
    owner.leave(set);
    receiver.get(set, [half]);
    world.run(60_000);
    const report = receiver.report(set);
    expect(report.heldChunks).toBe(half.report(set).heldChunks);
    expect(sum(report)).toBeCloseTo(report.elapsedMs, 6);
    expect(part(report, 'noSource')).toBeGreaterThan(0.8);
  });
});

test('a remote cannot claim more time than there was', () => {
  const times = new TimeShares(instant(0));
  times.account('answers', instant(100));
  times.answered({ totalMs: 50, senderMs: 600_000, senderDiskMs: 600_000, congestion: 1, receiver: 1 });
  times.account('answers', instant(150));
  expect(times.report()).toEqual({ sender: 100, path: 50 });
});

test('the way is put down to what our system throws away, when it did so since that was looked at last', () => {
  const times = new TimeShares(instant(0));
  let at = 0;
  const answer = (kernelDrops?: number): void => {
    times.account('answers', instant((at += 100)));
    times.answered({ totalMs: 100, senderMs: 20, senderDiskMs: 0, congestion: 0.5, receiver: 0.25, kernelDrops });
  };
  answer(7); // from before
  answer();
  answer(7);
  expect(times.report()).toEqual({ sender: 60, congestion: 120, receiver: 60, path: 60 });
  answer();
  answer(8);
  expect(times.report()).toEqual({ sender: 100, congestion: 120, receiver: 100, path: 60, kernelDrops: 120 });
  answer(8);
  expect(times.report()).toEqual({ sender: 120, congestion: 160, receiver: 120, path: 80, kernelDrops: 120 });
});

test('verifying takes its time from that in which answers are awaited, and no more than there was', () => {
  const times = new TimeShares(instant(0));
  times.account('answers', instant(10));
  times.hashed(4);
  times.hashed(20);
  times.account('answers', instant(30));
  times.hashed(5);
  expect(times.report()).toEqual({ hashing: 15, path: 15 });
});

test('what held answers back on their way shares the time that they were under way', () => {
  const times = new TimeShares(instant(0));
  times.account('answers', instant(100));
  times.answered({ totalMs: 50, senderMs: 10, senderDiskMs: 0, congestion: 0.5, receiver: 0.25 });
  expect(times.report()).toEqual({ sender: 20, congestion: 40, receiver: 20, path: 20 });
  times.account('answers', instant(200));
  times.answered({ totalMs: 50, senderMs: 0, senderDiskMs: 0, congestion: 0.75, receiver: 1 });
  expect(times.report()).toEqual({ sender: 20, congestion: 115, receiver: 45, path: 20 });
});
