import { seededRng } from '@shoal/machine';
import { expect, test } from 'vitest';
import { mixed, RowIndex } from '../src/memory/row-index.ts';

test.each([
  ['a good hash', mixed],
  ['a hash with four values', (value: number) => value & 3],
])('finds every row that is in it, by %s', (_what, hash) => {
  const rng = seededRng('row-index.test');
  const values = Array.from({ length: 400 }, (_, row) => row * 7);
  const index = new RowIndex((row) => hash(values[row]!));
  const inside = new Set<number>();
  for (let step = 0; step < 4_000; step += 1) {
    const row = rng.below(values.length);
    if (inside.delete(row)) index.remove(row);
    else {
      inside.add(row);
      index.add(row);
    }
    const looked = rng.below(values.length);
    const found = index.find(hash(values[looked]!), (candidate) => values[candidate] === values[looked]);
    expect(found).toBe(inside.has(looked) ? looked : -1);
  }
});
