import { pureHashes } from '@shoal/chunker';
import { seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { Checks } from '../src/checks.ts';
import { FluidNetwork, simContent, SimPeer, Trace, World } from '../src/index.ts';

const contentOf = (seed: string) => simContent(2_500, 1_000, seededRng(seed), pureHashes);
const rates = { upBytesPerSecond: Infinity, downBytesPerSecond: Infinity };

/** A peer that has `content` whole, and checks that believe it should be `believed`. */
function setup(seed: string, believed: string) {
  const network = new FluidNetwork({ delayMs: 1 });
  const world = new World({ rng: seededRng('checks'), network, trace: new Trace() });
  const content = contentOf(seed);
  const peer = new SimPeer(world, { content, hashes: pureHashes, rates, trackers: [], isOwner: true });
  const checks = new Checks(contentOf(believed));
  checks.add(peer);
  const held = (chunk: number): void =>
    checks.handleEvent(peer, {
      type: 'chunkHeld',
      swarm: content.document.swarmId,
      chunk,
      bytes: 1_000,
      from: peer.seat.peer,
    });
  return { peer, checks, held, swarm: content.document.swarmId };
}

test('finds nothing wrong with chunks of the content', () => {
  const { peer, checks, held, swarm } = setup('a', 'a');
  for (const chunk of [0, 2, 1]) held(chunk);
  checks.handleEvent(peer, { type: 'completed', swarm, elapsedMs: 1 });
  expect(checks.problems).toEqual([]);
});

test('finds a held chunk that is not of the content, and a completion without it', () => {
  const { peer, checks, held, swarm } = setup('a', 'b');
  held(1);
  checks.handleEvent(peer, { type: 'completed', swarm, elapsedMs: 1 });
  expect(checks.problems).toEqual([
    "node 0: chunk 1 is held and is not the content's",
    'node 0: complete without chunk 0',
  ]);
});

test('finds a chunk held twice, and an honest peer struck', () => {
  const { peer, checks, held } = setup('a', 'a');
  held(1);
  held(1);
  const { address } = peer.seat;
  checks.handleEvent(peer, {
    type: 'remoteStruck',
    peer: peer.seat.peer,
    address,
    offence: 'badChunk',
    banned: true,
  });
  expect(checks.problems).toHaveLength(2);
});
