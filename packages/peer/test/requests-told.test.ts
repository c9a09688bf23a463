import { expect, test } from 'vitest';
import { makeContent, World } from './support/world.ts';

test('every request for a chunk is told, and so is its end', () => {
  const world = new World({ seed: 'requests told' });
  const set = makeContent(40 * 10_240, 10_240, world.rng.fork('content'));
  const owner = world.addPeer({ upBytesPerMs: 100 });
  const second = world.addPeer({ upBytesPerMs: 10 });
  owner.share(set);
  second.share(set);
  const peer = world.addPeer();
  peer.get(set, [owner, second]);
  world.runUntil(() => peer.isDone, 60_000);
  const asked = peer.eventsOf('chunkAsked').map(({ chunk, from }) => `${chunk} ${from}`);
  const held = peer.eventsOf('chunkHeld').map(({ chunk, from }) => `${chunk} ${from}`);
  const dropped = peer.eventsOf('chunkDropped').map(({ chunk, from }) => `${chunk} ${from}`);
  expect(held).toHaveLength(40);
  expect(dropped.length, 'near the end the slow one is asked in vain').toBeGreaterThan(0);
  expect(held.concat(dropped).sort()).toEqual(asked.sort());
});
