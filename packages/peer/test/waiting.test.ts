import { describe, expect, test } from 'vitest';
import { makeContent, type Peer, World } from './support/world.ts';

const uplink = { upBytesPerMs: 100 };

function setOut(seed: string) {
  const world = new World({ seed });
  const make = (chunks: number) => makeContent(chunks * 10_000, 10_000, world.rng.fork(`content of ${chunks}`));
  const [owner, peer] = [world.addPeer(uplink), world.addPeer(uplink)];
  /** How long it takes from now on. */
  const timeUntil = (done: () => boolean): number => {
    const from = world.now;
    world.runUntil(done, 120_000);
    return world.now - from;
  };
  return { world, make, owner, peer, timeUntil };
}

const isToldOf = (told: Peer, { peer }: Peer): boolean =>
  told.eventsOf('remoteCompleted').some((event) => event.peer === peer);

describe('whoever joins on a link before the remote does', () => {
  test('is heard when the remote joins', () => {
    const { world, make, owner, peer, timeUntil } = setOut('early');
    const set = make(10);
    peer.get(set, [owner]);
    world.run(3_000);
    owner.share(set);
    expect(timeUntil(() => peer.isDone)).toBeLessThan(3_000);
    world.run(1_000);
    expect(isToldOf(owner, peer)).toBe(true);
  });

  test('is heard when the remote, which had left, joins again', () => {
    const { world, make, owner, peer, timeUntil } = setOut('again');
    const [kept, set] = [make(10), make(100)];
    for (const each of [kept, set]) {
      owner.share(each);
      peer.get(each, [owner]);
    }
    world.runUntil(() => peer.completed.has(kept.document.swarmId), 20_000);
    owner.leave(set);
    world.run(3_000);
    owner.share(set);
    expect(timeUntil(() => peer.completed.size === 2)).toBeLessThan(15_000);
  });

  test('is not there for a remote that joins when it has left', () => {
    const { world, make, owner, peer } = setOut('gone');
    const [kept, set] = [make(10), make(20)];
    owner.share(kept);
    peer.get(kept, [owner]);
    peer.get(set, [owner]);
    world.run(3_000);
    peer.leave(set);
    world.run(1_000);
    owner.share(set);
    world.run(1_000);
    expect(owner.eventsOf('remoteJoined').map(({ swarm }) => swarm)).toEqual([kept.document.swarmId]);
  });
});

describe.each([true, false])('a lone source, owner: %s,', (owner) => {
  test.each([3_000, 6_000, 40_000])('that was stopped for %i ms is asked again at once', (stoppedMs) => {
    const { world, make, owner: source, peer, timeUntil } = setOut('stopped');
    const set = make(100);
    source.share(set, { owner });
    peer.get(set, [source]);
    world.runUntil(() => peer.heldCount > 50, 10_000);
    world.freeze(source);
    world.run(stoppedMs);
    world.thaw(source);
    expect(timeUntil(() => peer.isDone)).toBeLessThan(6_000);
  });
});

test('an owner hears that others have all of an empty file-set', () => {
  const { world, make, owner, peer } = setOut('empty');
  const set = make(0);
  owner.share(set);
  peer.get(set, [owner]);
  world.runUntil(() => peer.isDone, 5_000);
  peer.stop();
  world.run(1_000);
  expect(isToldOf(owner, peer)).toBe(true);
});
