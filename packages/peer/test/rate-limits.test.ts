import { seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import type { RateLimits } from '../src/index.ts';
import { type Content, makeContent, type Peer, World } from './support/world.ts';

const chunkBytes = 10_240;
const set = makeContent(2_000 * chunkBytes, chunkBytes, seededRng('limited'));
const other = makeContent(2_000 * chunkBytes, chunkBytes, seededRng('other'));
const mega = 1_000_000;

const receivedIn = (peer: Peer, content: Content, world: World, ms: number): number => {
  const before = peer.report(content).receivedBytes;
  world.run(ms);
  return peer.report(content).receivedBytes - before;
};

const offBy = (value: number, wanted: number): number => Math.abs(value / wanted - 1);

test.each<[string, RateLimits, RateLimits]>([
  ['the owner sends', { upBytesPerSecondMax: mega }, {}],
  ['the receiver asks', {}, { downBytesPerSecondMax: mega }],
])('%s no faster than it is let, and hardly slower', (_who, limits, receiverLimits) => {
  const world = new World({ seed: 'limits' });
  const owner = world.addPeer({ upBytesPerMs: 20_000, limits });
  const receiver = world.addPeer({ limits: receiverLimits });
  owner.share(set);
  receiver.get(set, [owner]);
  world.run(1_000);
  expect(offBy(receivedIn(receiver, set, world, 10_000), 10 * mega)).toBeLessThan(0.03);
});

test('a transfer keeps its own limit while another takes what the peer has left', () => {
  const world = new World({ seed: 'two transfers' });
  const owner = world.addPeer({ upBytesPerMs: 20_000 });
  const receiver = world.addPeer({ limits: { downBytesPerSecondMax: 1.5 * mega } });
  for (const content of [set, other]) owner.share(content);
  receiver.get(set, [owner], { limits: { downBytesPerSecondMax: mega / 2 } });
  receiver.get(other, [owner]);
  world.run(1_000);
  const before = receiver.report(other).receivedBytes;
  expect(offBy(receivedIn(receiver, set, world, 10_000), 5 * mega)).toBeLessThan(0.03);
  expect(offBy(receiver.report(other).receivedBytes - before, 10 * mega)).toBeLessThan(0.03);
});

test('a limited peer leaves to others what they bring sooner', () => {
  const world = new World({ seed: 'slow and quick' });
  const owner = world.addPeer({ upBytesPerMs: 2_000, limits: { upBytesPerSecondMax: mega / 10 } });
  const seeder = world.addPeer({ upBytesPerMs: 2_000 });
  for (const peer of [owner, seeder]) peer.share(set, { owner: false });
  const receiver = world.addPeer();
  receiver.get(set, [owner, seeder]);
  world.runUntil(() => receiver.isDone, 12_000); // 10.24 s at 2 MB/s
  expect(owner.report(set).sentBytes).toBeLessThan(0.07 * set.bytes.length);
});
