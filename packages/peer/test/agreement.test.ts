// Content without a manifest: a chunk counts when peers agree on what it hashes to.

import { expect, test } from 'vitest';
import { makeContent, World } from './support/world.ts';

const uplink = { upBytesPerMs: 1_000 };

function newWorld(seed: string) {
  const world = new World({ seed });
  return { world, set: makeContent(100_000, 10_240, world.rng.fork('content')) }; // 10 chunks
}

const all = Array.from({ length: 10 }, (_, chunk) => chunk);
const allBut = (missing: number): number[] => all.filter((chunk) => chunk !== missing);

test('what is not agreed upon is neither asked for nor served, whoever has it', () => {
  const { world, set } = newWorld('agreed');
  const [full, empty] = [world.addPeer(uplink), world.addPeer(uplink)];
  full.gather(set, all);
  empty.gather(set, [], { peers: [{ address: full.address }] });
  world.run(5_000);
  expect(full.servedOf(set)).toEqual([]);
  for (const peer of [full, empty]) peer.agree(set, [2, 3, 7]);
  world.run(5_000);
  expect(full.servedOf(set)).toEqual([2, 3, 7]);
  expect(empty.servedOf(set)).toEqual([2, 3, 7]);
  expect(full.isDone || empty.isDone).toBe(false);
  for (const peer of [full, empty]) peer.agree(set, all);
  world.runUntil(() => full.isDone && empty.isDone, 10_000);
  expect(empty.servedOf(set)).toEqual(all);
  expect(empty.eventsOf('chunkHeld').map(({ from }) => from)).toEqual(all.map(() => full.peer));
});

test('each gets from the others what it lacks, and one who comes late all of it', () => {
  const { world, set } = newWorld('late');
  const [first, second, late] = [world.addPeer(uplink), world.addPeer(uplink), world.addPeer(uplink)];
  first.gather(set, allBut(4));
  second.gather(set, allBut(9), { peers: [{ address: first.address }] });
  for (const peer of [first, second]) peer.agree(set, all);
  world.run(5_000);
  expect(second.isDone).toBe(true);
  expect(first.isDone).toBe(true);
  late.gather(set, [], { peers: [{ address: second.address }] });
  late.agree(set, [0]);
  world.run(1_000);
  late.agree(set, all);
  world.runUntil(() => late.isDone, 10_000);
});

test('chunks are claimed with a tracker, and so is each that comes', () => {
  const { world, set } = newWorld('claims');
  const tracker = world.addTracker();
  const peers = [allBut(0), allBut(5)].map((have) => {
    const peer = world.addPeer(uplink);
    peer.gather(set, have, { trackers: [tracker.address] });
    return peer;
  });
  const claimedBy = (which: number): number[] =>
    peers[which]!.eventsOf('chunksClaimed').flatMap(({ chunks }) => chunks.map(({ chunk }) => chunk));
  world.run(10_000);
  expect(claimedBy(0)).toEqual(allBut(0));
  expect(claimedBy(1)).toEqual(allBut(5));
  for (const peer of peers) peer.agree(set, all); // found by the tracker, they have each other's chunks
  world.runUntil(() => peers.every((peer) => peer.isDone), 30_000);
  world.run(10_000);
  expect(claimedBy(0)).toContain(0);
  expect(claimedBy(1)).toContain(5);
  const last = peers[1]!.eventsOf('chunksClaimed').at(-1)!;
  expect(last.chunks.every(({ standing }) => standing === 'chunkList')).toBe(true);
});
