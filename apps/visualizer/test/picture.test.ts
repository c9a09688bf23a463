import { describe, expect, test } from 'vitest';
import type { Happening } from '../src/happenings.ts';
import { given, heldAnyhow, notHeld, Picture } from '../src/picture.ts';
import { swarmStory } from './swarm-story.ts';

const begin: Happening[] = [
  { atMs: 0, kind: 'content', name: 'book', chunkCount: 3, bytes: 300 },
  { atMs: 0, kind: 'came', peer: 'o', role: 'owner', label: 'owner', held: [[0, 3]] },
  { atMs: 0, kind: 'came', peer: 'a', role: 'receiver', label: 'a' },
  { atMs: 0, kind: 'came', peer: 'b', role: 'receiver', label: 'b' },
];

function pictureOf(...happenings: readonly Happening[]): Picture {
  const picture = new Picture();
  for (const happening of happenings) picture.apply(happening);
  return picture;
}

describe('a picture', () => {
  test('knows who gave each chunk, and how many copies there are', () => {
    const picture = pictureOf(
      ...begin,
      { atMs: 1, kind: 'held', peer: 'a', chunk: 0, from: 'o' },
      { atMs: 2, kind: 'held', peer: 'b', chunk: 0, from: 'a' },
      { atMs: 3, kind: 'held', peer: 'b', chunk: 2 },
      { atMs: 4, kind: 'held', peer: 'b', chunk: 2, from: 'o' },
    );
    expect(picture.peers.map(({ givers }) => Array.from(givers))).toEqual([
      [heldAnyhow, heldAnyhow, heldAnyhow],
      [given + 0, notHeld, notHeld],
      [given + 1, notHeld, heldAnyhow],
    ]);
    expect(Array.from(picture.copies)).toEqual([3, 1, 2]);
    expect([picture.fromOwner, picture.fromPeers, picture.rarestCopies]).toEqual([1, 1, 1]);
  });

  test('counts no copies of those who left, and theirs again when they come back', () => {
    const left = [...begin, { atMs: 5, kind: 'left', peer: 'o' }] as const;
    expect(pictureOf(...left).rarestCopies).toBe(0);
    const back = pictureOf(...left, { atMs: 6, kind: 'came', peer: 'o', role: 'owner', label: 'owner' });
    expect(back.rarestCopies).toBe(1);
    expect(back.peers[0]!.heldCount).toBe(3);
  });

  test('begins anew with another content: places and names stay, and nothing that was held', () => {
    const picture = pictureOf(
      ...begin,
      { atMs: 1, kind: 'linked', peer: 'a', remote: 'o' },
      { atMs: 1, kind: 'held', peer: 'a', chunk: 0, from: 'o' },
      { atMs: 2, kind: 'completed', peer: 'a' },
      { atMs: 3, kind: 'content', name: 'book', chunkCount: 2, bytes: 200 },
      { atMs: 3, kind: 'came', peer: 'o', role: 'owner', label: 'owner', held: [[0, 2]] },
    );
    expect(picture.peers.map(({ label, heldCount, cameAtMs }) => [label, heldCount, cameAtMs])).toEqual([
      ['owner', 2, 3],
      ['a', 0, undefined],
      ['b', 0, undefined],
    ]);
    expect(Array.from(picture.copies)).toEqual([1, 1]);
    expect([picture.fromOwner, picture.completedCount, picture.links.size]).toEqual([0, 0, 0]);
  });

  test('has a chunk under way from when it is asked for until it is held, dropped by one or damaged', () => {
    const asked = [
      ...begin,
      { atMs: 1, kind: 'asked', peer: 'a', from: 'o', chunk: 1 },
      { atMs: 2, kind: 'asked', peer: 'a', from: 'b', chunk: 1 },
    ] as const;
    const asksOf = (...more: Happening[]) => Array.from(pictureOf(...asked, ...more).peers[1]!.asks);
    expect(asksOf()).toEqual([
      [
        1,
        [
          { from: 0, atMs: 1 },
          { from: 2, atMs: 2 },
        ],
      ],
    ]);
    expect(asksOf({ atMs: 3, kind: 'dropped', peer: 'a', from: 'o', chunk: 1 })).toEqual([[1, [{ from: 2, atMs: 2 }]]]);
    expect(asksOf({ atMs: 3, kind: 'damaged', peer: 'a', from: 'b', chunk: 1 })).toEqual([[1, [{ from: 0, atMs: 1 }]]]);
    expect(asksOf({ atMs: 3, kind: 'held', peer: 'a', from: 'b', chunk: 1 })).toEqual([]);
  });

  test('takes no notice of chunks that there are not', () => {
    const before = pictureOf(...begin).toJSON();
    for (const chunk of [3, -1, 1e9, Number.NaN])
      expect(pictureOf(...begin, { atMs: 1, kind: 'held', peer: 'a', chunk, from: 'o' }).toJSON()).toEqual(before);
  });

  test('keeps apart peers with any names', () => {
    const names = ['__proto__', 'constructor', '<b>', '', 'a b', 'a'];
    const picture = pictureOf(
      ...names.map((peer) => ({ atMs: 0, kind: 'came', peer, role: 'receiver', label: peer }) as const),
    );
    expect(names.map((name) => picture.numberOf(name))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('copied, goes its own way', () => {
    const story = swarmStory('copies');
    const picture = pictureOf(...story.slice(0, 300));
    const before = JSON.stringify(picture);
    const copy = new Picture(picture);
    expect(JSON.stringify(copy)).toBe(before);
    for (const happening of story.slice(300)) copy.apply(happening);
    expect(JSON.stringify(picture)).toBe(before);
    expect(JSON.stringify(copy)).toBe(JSON.stringify(pictureOf(...story)));
  });
});
