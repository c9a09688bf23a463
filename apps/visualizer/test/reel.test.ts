import { seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import type { Flight } from '../src/flights.ts';
import type { Happening } from '../src/happenings.ts';
import { Picture } from '../src/picture.ts';
import { Reel } from '../src/reel.ts';
import { swarmStory } from './swarm-story.ts';

/** The state at a moment, the slow way. */
function folded(story: readonly Happening[], ms: number): string {
  const picture = new Picture();
  for (const happening of story) if (happening.atMs <= ms) picture.apply(happening);
  return JSON.stringify(picture);
}

describe('a reel', () => {
  test('gives the exact picture of any moment, in whatever order it is asked, while it grows', () => {
    const story = swarmStory('reel');
    const rng = seededRng('moments');
    const reel = new Reel(16);
    for (let i = 0; i < story.length; i += 50) {
      reel.append(story.slice(i, i + 50));
      const known = story.slice(0, i + 50);
      const moments = Array.from({ length: 20 }, () => rng.below(reel.endMs + 1));
      expect(moments.map((ms) => JSON.stringify(reel.pictureAt(ms)))).toEqual(moments.map((ms) => folded(known, ms)));
    }
    expect(JSON.stringify(reel.front)).toBe(folded(story, Infinity));
  });

  test('ends at the last happening, or at the moment until which there was none', () => {
    const reel = new Reel();
    reel.append([{ atMs: 5, kind: 'left', peer: 'a' }]);
    expect(reel.endMs).toBe(5);
    reel.append([], 9);
    expect(reel.endMs).toBe(9);
    reel.append([{ atMs: 7, kind: 'left', peer: 'a' }]);
    expect(reel.happenings.map(({ atMs }) => atMs)).toEqual([5, 9]);
  });

  test('sees chunks of one way travel one after another, and damaged ones', () => {
    const reel = new Reel();
    reel.append([
      { atMs: 0, kind: 'content', name: '', chunkCount: 4, bytes: 4 },
      { atMs: 0, kind: 'came', peer: 'o', role: 'owner', label: 'o' },
      { atMs: 10, kind: 'asked', peer: 'a', from: 'o', chunk: 0 },
      { atMs: 10, kind: 'asked', peer: 'a', from: 'o', chunk: 1 },
      { atMs: 10, kind: 'asked', peer: 'b', from: 'o', chunk: 2 },
      { atMs: 20, kind: 'held', peer: 'a', chunk: 0, from: 'o' },
      { atMs: 30, kind: 'damaged', peer: 'a', chunk: 1, from: 'o' },
      { atMs: 40, kind: 'held', peer: 'b', chunk: 2, from: 'o' },
      { atMs: 50, kind: 'held', peer: 'b', chunk: 3 },
    ]);
    const at = (ms: number): Flight[] => {
      const seen: Flight[] = [];
      reel.flights.at(ms, (flight) => seen.push(flight));
      return seen;
    };
    const [first, second, other] = [
      { from: 0, to: 1, chunk: 0, startMs: 10, endMs: 20, isDamaged: false },
      { from: 0, to: 1, chunk: 1, startMs: 20, endMs: 30, isDamaged: true },
      { from: 0, to: 2, chunk: 2, startMs: 10, endMs: 40, isDamaged: false },
    ];
    expect([9, 10, 20, 30, 40].map(at)).toEqual([[], [first, other], [second, other], [other], []]);
  });

  test('samples its curves as the swarm was, not as it became', () => {
    const reel = new Reel();
    reel.append([
      { atMs: 0, kind: 'content', name: '', chunkCount: 2, bytes: 2 },
      { atMs: 0, kind: 'came', peer: 'o', role: 'owner', label: 'o', held: [[0, 2]] },
      { atMs: 0, kind: 'came', peer: 'a', role: 'receiver', label: 'a' },
      { atMs: 60, kind: 'held', peer: 'a', chunk: 0, from: 'o' },
      { atMs: 110, kind: 'held', peer: 'a', chunk: 1, from: 'b' },
      { atMs: 110, kind: 'completed', peer: 'a' },
    ]);
    reel.append([], 151);
    const { seconds, completed, rarestCopies, ownerShare, peerShare } = reel.curves;
    expect(seconds).toEqual([0, 0.05, 0.1, 0.15]);
    expect(completed).toEqual([0, 0, 0, 1]);
    expect(rarestCopies).toEqual([1, 1, 1, 2]);
    expect(ownerShare).toEqual([0, 0, 1, 0.5]);
    expect(peerShare).toEqual([0, 0, 0, 0.5]);
  });
});
