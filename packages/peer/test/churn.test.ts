import { describe, expect, test } from 'vitest';
import { makeContent, type Peer, World } from './support/world.ts';

const flip = (body: Uint8Array): Uint8Array => body.map((byte, i) => (i === 7 ? byte ^ 1 : byte));

/** One life of a swarm: who comes, goes, freezes and lies is drawn from the seed. Then it heals, and all must finish. */
function live(seed: string): boolean {
  const world = new World({ seed });
  const rng = world.rng.fork('fate');
  const chunkBytes = 2_000 + rng.below(10_000);
  const set = makeContent(chunkBytes * (5 + rng.below(120)) - rng.below(chunkBytes), chunkBytes, rng.fork('content'));
  const trackers = rng.chance(0.7) ? [world.addTracker(), world.addTracker()] : [];
  const options = { trackers: trackers.map((tracker) => tracker.address) };
  const uplink = (): number => 20 + rng.below(500);
  const owner = world.addPeer({ upBytesPerMs: uplink() });
  owner.share(set, options);
  const peers: Peer[] = [];
  const known = (): Peer[] => [owner, ...peers.filter(() => rng.chance(0.5))];
  const arrive = (): void => {
    const lies = rng.chance(0.15) ? { corrupt: flip } : {};
    const peer = world.addPeer({ upBytesPerMs: uplink(), diskMs: rng.below(20), ...lies });
    peer.get(set, known(), options);
    peers.push(peer);
  };
  arrive();
  for (let step = 0; step < 12; step += 1) {
    world.run(rng.below(1_500));
    const peer = rng.pick(peers)!;
    const act = rng.below(7);
    if (act <= 1) arrive();
    else if (act === 2 && peer.isUp) peer.kill();
    else if (act === 3 && !peer.isUp) revive(peer);
    else if (act === 4) world.freeze(peer);
    else if (act === 5) world.thaw(peer);
    else if (act === 6 && trackers.length > 0) rng.pick(trackers)!.stop();
  }
  for (const peer of peers) {
    world.thaw(peer);
    if (!peer.isUp) revive(peer);
  }
  world.runUntil(() => peers.every((peer) => peer.isDone), 300_000);
  return peers.every((peer) => peer.hasAll(set));

  function revive(peer: Peer): void {
    peer.restart();
    peer.get(set, known(), options);
  }
}

describe('a swarm with a hard life', () => {
  const only = process.env['SHOAL_SEED'];
  const seeds =
    only === undefined
      ? Array.from({ length: Number(process.env['SHOAL_SEEDS'] ?? 40) }, (_, i) => `churn ${i}`)
      : [only];
  test.each(seeds)('heals and finishes (seed "%s")', (seed) => {
    const repeat = `repeat with: SHOAL_SEED='${seed}' npx vitest run churn`;
    let outcome: unknown;
    try {
      outcome = live(seed);
    } catch (error) {
      throw new Error(repeat, { cause: error });
    }
    expect(outcome ? undefined : repeat).toBeUndefined();
  });
});
