// A small swarm drawn from a seed, for tests: peers come and go, chunks are asked for, dropped, damaged and held.

import { type Rng, seededRng } from '@shoal/machine';
import type { Happening } from '../src/happenings.ts';

export function swarmStory(seed: string, { peers = 6, chunkCount = 20, count = 400 } = {}): Happening[] {
  const rng = seededRng(seed);
  const names = Array.from({ length: peers }, (_, i) => `peer ${i}`);
  const story: Happening[] = [
    { atMs: 0, kind: 'content', name: 'story', chunkCount, bytes: chunkCount * 1_000 },
    { atMs: 0, kind: 'came', peer: 'peer 0', role: 'owner', label: 'owner', held: [[0, chunkCount]] },
  ];
  let atMs = 0;
  for (let i = 0; i < count; i += 1) {
    atMs += rng.below(30);
    story.push(drawn(rng, atMs, names, chunkCount));
  }
  return story;
}

function drawn(rng: Rng, atMs: number, names: readonly string[], chunkCount: number): Happening {
  const [peer, other] = [rng.pick(names)!, rng.pick(names)!];
  const chunk = rng.below(chunkCount);
  const [up, down] = [rng.below(1_000), rng.below(1_000)];
  const drawings: Happening[] = [
    { atMs, kind: 'came', peer, role: 'receiver', label: peer, held: [[chunk, 1]] },
    { atMs, kind: 'left', peer },
    { atMs, kind: 'linked', peer, remote: other },
    { atMs, kind: 'unlinked', peer, remote: other },
    { atMs, kind: 'link', peer, remote: other, upBytesPerSecond: up, downBytesPerSecond: down, cwndBytes: up * 2 },
    { atMs, kind: 'why', peer, sharesMs: { path: up, sender: down } },
    { atMs, kind: 'dropped', peer, from: other, chunk },
    { atMs, kind: 'damaged', peer, from: other, chunk },
    { atMs, kind: 'held', peer, chunk, ...(rng.chance(0.8) && { from: other }) },
    { atMs, kind: 'completed', peer },
  ];
  if (rng.chance(0.4)) return { atMs, kind: 'asked', peer, from: other, chunk };
  return rng.pick(drawings)!;
}
