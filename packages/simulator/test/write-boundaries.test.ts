// A peer killed at every boundary of its writing, one after the other: just before and just after each chunk is on its disk.

import { pureHashes } from '@shoal/chunker';
import { after, instant, seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { Checks } from '../src/checks.ts';
import { FluidNetwork, simContent, SimPeer, Trace, World } from '../src/index.ts';

const chunkCount = 12;
const content = simContent(chunkCount * 1_000 - 1, 1_000, seededRng('boundaries'), pureHashes);
const rates = { upBytesPerSecond: 100_000, downBytesPerSecond: 100_000 };
const awayMs = 700;

/** A receiver whose machine stops at its write number `write`; what was wrong, and what each of its two runs received. */
function runStoppedAt(write: number, when: 'before' | 'after') {
  const world = new World({
    rng: seededRng(`boundary ${write} ${when}`),
    network: new FluidNetwork({ delayMs: 1 }),
    trace: new Trace(),
  });
  const checks = new Checks(content);
  const options = { content, hashes: pureHashes, rates, trackers: [], diskMs: 2 };
  const owner = new SimPeer(world, { ...options, isOwner: true });
  const receiver = new SimPeer(world, {
    ...options,
    neighbours: () => ({ download: [owner.seat.address] }),
    onEvent: (peer, event) => checks.handleEvent(peer, event),
  });
  for (const peer of [owner, receiver]) checks.add(peer);
  let writes = 0;
  let heldThen = -1;
  const carryOut = receiver.disk.carryOut.bind(receiver.disk);
  receiver.disk.carryOut = (order) => {
    if (order.type === 'writeChunk') writes += 1;
    if (order.type !== 'writeChunk' || writes !== write) return carryOut(order);
    if (when === 'after') carryOut(order);
    heldThen = receiver.store!.held.count;
    receiver.kill();
    world.at(after(world.now, awayMs), () => receiver.start());
    return undefined;
  };
  for (const peer of [owner, receiver]) peer.start();
  const isDone = world.run(() => receiver.finishedAt !== undefined, instant(60_000));
  return { isDone, heldThen, problems: checks.problems, writes, report: receiver.report };
}

test.each(['before', 'after'] as const)(
  'killed just %s any of its writes, a peer goes on with all that was written',
  (when) => {
    for (let write = 1; write <= chunkCount; write += 1) {
      const { isDone, heldThen, problems, writes, report } = runStoppedAt(write, when);
      const held = when === 'before' ? write - 1 : write;
      expect({ isDone, heldThen, problems }).toEqual({ isDone: true, heldThen: held, problems: [] });
      expect(writes).toBe(when === 'before' ? chunkCount + 1 : chunkCount);
      expect(report?.resumedBytes).toBeGreaterThanOrEqual(held * 1_000 - 1);
    }
  },
);
