import { describe, expect, test } from 'vitest';
import { fluidBoundMs } from '../src/index.ts';
import { type Content, makeContent, type Peer, type PeerOptions, World } from './support/world.ts';

/** An owner and receivers that arrive together, each told of all the others. */
function swarmOf(receivers: number, chunks: number, options: PeerOptions = {}) {
  const world = new World({ seed: `${receivers} receivers` });
  const set = makeContent(chunks * 10_240 - 7, 10_240, world.rng.fork('content'));
  const owner = world.addPeer(options);
  const peers = Array.from({ length: receivers }, () => world.addPeer(options));
  owner.share(set);
  for (const peer of peers) peer.get(set, [owner, ...peers.filter((other) => other !== peer)]);
  const bound = (bytesPerMs: number): number =>
    fluidBoundMs({
      totalBytes: set.bytes.length,
      ownerUpBytesPerSecond: bytesPerMs * 1_000,
      receivers: peers.map(() => ({ upBytesPerSecond: bytesPerMs * 1_000, downBytesPerSecond: Infinity })),
    });
  return { world, set, owner, peers, bound };
}

const copies = (owner: Peer, set: Content): number => owner.report(set).sentBytes / set.bytes.length;

describe('a swarm', () => {
  test.each([1, 5, 20])('brings the whole to %i receivers, the owner sending little more than one copy', (count) => {
    const { world, set, owner, peers } = swarmOf(count, 200, { upBytesPerMs: 1_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(peers.every((peer) => peer.hasAll(set))).toBe(true);
    expect(copies(owner, set)).toBeLessThan(1.1);
    for (const peer of peers) expect(peer.report(set).receivedBytes).toBe(set.bytes.length);
  });

  test('five receivers are done near the fluid bound', () => {
    const { world, peers, bound } = swarmOf(5, 500, { upBytesPerMs: 1_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(world.now / bound(1_000)).toBeLessThan(1.15);
  });

  test('a lone receiver is served at the full speed of the owner', () => {
    const { world, peers, bound } = swarmOf(1, 1_000, { upBytesPerMs: 10_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(world.now / bound(10_000)).toBeLessThan(1.1);
  });
});
