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

  test.each([[['a', 'b', 'b.c', 'c/d', 'e', 'f/g']], [[]], [['a/b', 'a/c', 'a/d']]])('%j is a set', (paths) => {
    expect(pathSetProblem(paths)).toBeUndefined();
  });

  test.each([
    [['a', 'a'], 'twice'],
    [['b', 'a'], 'out of order'],
    [['a', 'a/b'], '"a" is also used as a folder'],
    [['a', 'a-b', 'a/b/c'], '"a" is also used as a folder'],
    [['e\u0301', '\u00e9'], 'twice'],
    [['..'], "'.' or '..'"],
    [['/b', 'a'], 'absolute'],
  ])('%j is refused: %s', (paths, why) => {
    expect(pathSetProblem(paths)).toContain(why);
  });
});
