import { pureHashes } from '@shoal/chunker';
import { instant, seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { FluidNetwork, simContent, SimPeer, SimTracker, Trace, UplinkWatch, World } from '../src/index.ts';

const rates = { upBytesPerSecond: 1_000, downBytesPerSecond: 10_000 };

/** An owner of three chunks, which take a second each, and a receiver. */
function setup() {
  const network = new FluidNetwork({ delayMs: 1 });
  const world = new World({ rng: seededRng('watch'), network, trace: new Trace() });
  const content = simContent(3_000, 1_000, seededRng('content'), pureHashes);
  const tracker = new SimTracker(world, 60_000);
  const options = { content, hashes: pureHashes, rates, trackers: [tracker.seat.address] };
  const owner = new SimPeer(world, { ...options, isOwner: true });
  const receiver = new SimPeer(world, options);
  const shares = (untilMs: number) => {
    const watch = new UplinkWatch(network.medium, [owner, receiver], 3);
    world.run(() => false, instant(untilMs));
    watch.look();
    return watch.shares();
  };
  return { owner, receiver, shares };
}

test('tells what an uplink does, and what an idle one waits for', () => {
  const { owner, receiver, shares } = setup();
  owner.start();
  expect(shares(100)).toMatchObject({ useless: 1 });
  receiver.start();
  expect(shares(1_000)).toMatchObject({ sending: 0.5, empty: 0.5 });
  expect(shares(10_000)).toMatchObject({ useless: 1 });
});

test('tells when others than neighbours lack something', () => {
  const { owner, receiver, shares } = setup();
  owner.start();
  receiver.start();
  shares(1_000);
  owner.kill();
  shares(5_000);
  owner.start();
  expect(shares(5_001)).toMatchObject({ distant: 0.5, empty: 0.5 });
});
