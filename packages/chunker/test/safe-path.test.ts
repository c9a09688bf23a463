import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnsafeOnWindows, nameProblem, pathProblem, showName, utf8Bytes } from '../src/safe-path.ts';

const anyText = fc.array(fc.nat(0x10_ffff)).map((points) => String.fromCodePoint(...points).toWellFormed());

describe('safe path', () => {
  test.each([
    'a',
    'a/b/c.txt',
    'Grüße/東京/🐟.jpg',
    'e\u0301', // combining: kept as it is
    '.hidden/..a/a..',
    'console.log',
    'com10',
    'nul-and-void',
    'a b',
    'x'.repeat(255),
    'at 12:30?',
  ])('%j is safe', (path) => {
    expect(pathProblem(path)).toBeUndefined();
  });

  test.each([
    ['', 'empty'],
    ['/etc/passwd', 'absolute'],
    ['C:/x', 'absolute'],
    ['c:', 'absolute'],
    ['..', 'dotSegment'],
    ['a/../../b', 'dotSegment'],
    ['a/./b', 'dotSegment'],
    ['a//b', 'emptySegment'],
    ['a/', 'emptySegment'],
    ['a\\b', 'backslash'],
    ['..\\..\\b', 'backslash'],
    ['a\0b', 'controlCharacter'],
    ['a\nb', 'controlCharacter'],
    ['\u001b[2J', 'controlCharacter'],
    ['a\u0085', 'controlCharacter'],
    ['a\u2028b', 'controlCharacter'],
    ['a/CON', 'reservedName'],
    ['nul.txt', 'reservedName'],
    ['Com1 .x', 'reservedName'],
    ['lpt²', 'reservedName'],
    ['conin$', 'reservedName'],
    ['x'.repeat(256), 'tooLong'],
    ['é'.repeat(128), 'tooLong'],
    [Array.from({ length: 400 }, () => 'abcdefgh').join('/'), 'tooLong'],
    ['a\uD800', 'illFormed'],
    ['a\uFFFD', 'illFormed'],
  ])('%j is refused: %s', (path, problem) => {
    expect(pathProblem(path)).toBe(problem);
  });

  test('a name has no folder in it', () => {
    expect(nameProblem('a/b')).toBeDefined();
    expect(nameProblem('ab')).toBeUndefined();
  });

  test('what only Windows cannot hold is told apart', () => {
    for (const path of ['a:b', 'a?', 'x/a./b', 'a ', 'a|b']) expect(isUnsafeOnWindows(path)).toBe(true);
    for (const path of ['a/b.c', 'a b/c']) expect(isUnsafeOnWindows(path)).toBe(false);
  });

  test('a name that is shown cannot act on a terminal, whatever it is', () => {
    expect(showName('a\u001b[2J\n')).toBe(String.raw`"a\u001b[2J\n"`);
    expect(showName('\0'.repeat(5000)).length).toBeLessThan(1300);
    expect(showName('exe.\u202egpj')).toBe(String.raw`"exe.\u202egpj"`);
    fc.assert(
      fc.property(anyText, (name) => {
        expect(showName(name)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  test('counts bytes as the encoder makes them', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});
