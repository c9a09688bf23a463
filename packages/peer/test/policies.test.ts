import { describe, expect, test } from 'vitest';
import type { PolicyName, PrioritySpan } from '../src/index.ts';
import { type Content, makeContent, type Peer, World } from './support/world.ts';

const uplink = { upBytesPerMs: 1_000 };
const chunkCount = 300;

function swarmOf(seed: string, receivers: number, policy: PolicyName = 'rarestFirst', chunkBytes = 10_240) {
  const world = new World({ seed });
  const set = makeContent(chunkCount * chunkBytes, chunkBytes, world.rng.fork('content'));
  const owner = world.addPeer(uplink);
  const peers = Array.from({ length: receivers }, () => world.addPeer(uplink));
  owner.share(set);
  for (const peer of peers) peer.get(set, [owner, ...peers.filter((other) => other !== peer)], { policy });
  return { world, set, owner, peers };
}

const want = (peer: Peer, { document }: Content, spans: readonly PrioritySpan[]): void =>
  peer.tell((session, now) => session.want(document.swarmId, spans, now));

const heldOrder = (peer: Peer): number[] => peer.eventsOf('chunkHeld').map((event) => event.chunk);

describe('policies', () => {
  test.each(['rarestFirst', 'random', 'sequential'] as const)('%s brings the whole to everybody', (policy) => {
    const { world, set, peers } = swarmOf(policy, 4, policy);
    world.runUntil(() => peers.every((peer) => peer.isDone), 600_000);
    expect(peers.every((peer) => peer.hasAll(set))).toBe(true);
    expect(peers.map((peer) => peer.report(set).wastedBytes)).toEqual([0, 0, 0, 0]);
  });

  test('sequential: what is held is nearly all of the beginning, all the way, from an owner and from others', () => {
    const { world, peers } = swarmOf('in order', 2, 'sequential', 102_400);
    world.runUntil(() => peers.every((peer) => peer.isDone), 600_000);
    for (const peer of peers) {
      const order = heldOrder(peer);
      let [missing, furthest] = [0, 0];
      const held = new Set<number>();
      for (const chunk of order) {
        held.add(chunk);
        while (held.has(missing)) missing += 1;
        furthest = Math.max(furthest, chunk - missing);
      }
      expect(furthest).toBeLessThan(21 + 164 + 5); // the window, and what was under way when it moved
      expect(order.slice(0, 20).every((chunk) => chunk < 40)).toBe(true);
    }
  });

  test('only what is wanted is fetched, and the swarm is done with it', () => {
    const { world, set, owner, peers } = swarmOf('part', 3);
    for (const peer of peers) want(peer, set, [{ first: 40, end: 60, priority: 'normal' }]);
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    for (const peer of peers) {
      expect(heldOrder(peer).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 40 + i));
      expect(peer.report(set)).toMatchObject({ wantedBytes: 20 * 10_240, missingBytes: 0, heldChunks: 20 });
    }
    expect(owner.report(set).sentBytes / (20 * 10_240)).toBeLessThan(2);
  });

  test('what is wanted may change at any time until it is there', () => {
    const { world, set, peers } = swarmOf('change', 1);
    const [peer] = peers as [Peer];
    want(peer, set, [{ first: 0, end: 100, priority: 'normal' }]);
    world.runUntil(() => peer.heldCount === 30, 60_000);
    want(peer, set, [
      { first: 0, end: 100, priority: 'normal' },
      { first: 200, end: 210, priority: 'now' },
    ]);
    world.runUntil(() => heldOrder(peer).includes(209), 60_000);
    expect(peer.heldCount).toBeLessThan(70);
    want(peer, set, [{ first: 200, end: 220, priority: 'normal' }]);
    const before = peer.heldCount;
    world.runUntil(() => peer.isDone, 60_000);
    expect(peer.heldCount - before).toBe(10);
    expect(peer.report(set).missingBytes).toBe(0);
    want(peer, set, [{ first: 0, end: 300, priority: 'normal' }]); // too late
    world.run(5_000);
    expect(peer.heldCount - before).toBe(10);
  });

  test('nothing is asked for when nothing is wanted that is missing, and the link stays quiet', () => {
    const { world, set, owner, peers } = swarmOf('nothing', 1);
    want(peers[0]!, set, []);
    world.run(10_000);
    expect(peers[0]!.isDone).toBe(true);
    expect(owner.report(set).sentBytes).toBe(0);
  });

  test('what a reader waits for is asked of somebody quicker as well when it is late', () => {
    const world = new World({ seed: 'late' });
    const set = makeContent(chunkCount * 10_240, 10_240, world.rng.fork('content'));
    const sources = [world.addPeer({ upBytesPerMs: 2 }), world.addPeer(uplink), world.addPeer(uplink)];
    for (const source of sources) source.share(set, { owner: false });
    const peer = world.addPeer(uplink);
    peer.get(set, sources);
    world.runUntil(() => peer.isOpen(set), 10_000);
    peer.tell((session, now) => session.read(set.document.swarmId, 1, { first: 0, end: chunkCount }, now));
    world.runUntil(() => heldOrder(peer).length >= 250, 10_000);
    world.run(1_500); // a chunk takes the slow one 5 seconds
    const held = new Set(heldOrder(peer));
    expect(Array.from({ length: 200 }, (_, i) => i).filter((chunk) => !held.has(chunk))).toEqual([]);
  });
});
