import { expect, test } from 'vitest';
import { nearest } from '../bin/nearest.ts';

test('a mistyped word is told apart from one that nobody meant', () => {
  const known = ['together', 'mixed', 'frozen'];
  expect(['togehter', 'mixd', 'frozn', 'together'].map((word) => nearest(word, known))).toEqual([
    'together',
    'mixed',
    'frozen',
    'together',
  ]);
  expect(nearest('banana', known)).toBeUndefined();
  expect(nearest('mixed', [])).toBeUndefined();
});
