import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rngFromState, seededRng } from '../src/rng.ts';

describe('rng', () => {
  test('matches the published vectors of xoshiro128** from state 1, 2, 3, 4', () => {
    const rng = rngFromState([1, 2, 3, 4]);
    const drawn = Array.from({ length: 10 }, () => rng.uint32());
    expect(drawn).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test('the same seed draws the same, another seed does not', () => {
    expect(seededRng('a').bytes(64)).toEqual(seededRng('a').bytes(64));
    expect(seededRng('a').bytes(64)).not.toEqual(seededRng('b').bytes(64));
  });

  test('a fork is not moved by draws from its parent or its siblings', () => {
    const [one, two] = [seededRng('s'), seededRng('s')];
    two.uint32();
    two.fork('other').bytes(100);
    expect(one.fork('net').bytes(32)).toEqual(two.fork('net').bytes(32));
  });

  test('below stays below and reaches every number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.string(), (limit, seed) => {
        expect(seededRng(seed).below(limit)).toBeLessThan(limit);
      }),
    );
    const rng = seededRng('dice');
    const faces = new Set(Array.from({ length: 200 }, () => rng.below(6)));
    expect(faces).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  });

  test('shuffle keeps the items', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = seededRng('x').shuffle([...items]);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});
