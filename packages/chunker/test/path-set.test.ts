import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePaths, pathSetProblem } from '../src/path-set.ts';

describe('path set', () => {
  test('orders paths as their UTF-8 bytes are ordered', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'b', '/', '\u007f', 'é', '\ud7ff', '\ue000', '\uffff', '😀'),
    });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test.each([
    [
      ['a', 'b', 'b.c', 'b/d'.replace('b/', 'c/')],
      ['e', 'f/g'],
    ],
    [[], []],
    [['a/b', 'a/c'], ['a/d']],
  ])('%j with empty folders %j is a set', (files, folders) => {
    expect(pathSetProblem(files, folders)).toBeUndefined();
  });

  test.each([
    [['a', 'a'], [], 'twice'],
    [['b', 'a'], [], 'out of order'],
    [['a', 'a/b'], [], '"a" is also used as a folder'],
    [['a', 'a-b', 'a/b/c'], [], '"a" is also used as a folder'],
    [['a'], ['a'], 'twice'],
    [['a'], ['a/b'], '"a" is also used as a folder'],
    [['a/b'], ['a'], '"a" is also used as a folder'],
    [[], ['a', 'a/b'], '"a" is also used as a folder'],
    [['e\u0301', '\u00e9'], [], 'twice'],
    [['..'], [], "'.' or '..'"],
    [['a'], ['/b'], 'absolute'],
  ])('%j with empty folders %j is refused: %s', (files, folders, why) => {
    expect(pathSetProblem(files, folders)).toContain(why);
  });
});
