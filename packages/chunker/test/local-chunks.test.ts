import { describe, expect, test } from 'vitest';
import { formatLocalChunks, parseLocalChunks } from '../src/local-chunks.ts';

describe('local_chunks.txt', () => {
  test('is written and read as the classic exercise has it', () => {
    const local = {
      count: 4,
      files: new Map([
        [2, 'c'],
        [0, 'a b'],
      ]),
    };
    const text = formatLocalChunks(local);
    expect(text).toBe('1,a b\n3,c\n4,LASTCHUNK\n');
    expect(parseLocalChunks(text)).toEqual({
      ok: true,
      value: {
        count: 4,
        files: new Map([
          [0, 'a b'],
          [2, 'c'],
        ]),
      },
    });
  });

  test('may count from 0, end its lines as Windows does, and have a blank one', () => {
    const value = {
      count: 2,
      files: new Map([
        [0, 'a'],
        [1, 'b'],
      ]),
    };
    expect(parseLocalChunks('0,a\r\n1, b\r\n2,LASTCHUNK\r\n\r\n')).toEqual({ ok: true, value });
  });

  test.each([
    ['', 'malformed'],
    ['1,a\n', 'malformed'],
    ['1,a\n1,b\n2,LASTCHUNK', 'malformed'],
    ['3,a\n2,LASTCHUNK', 'malformed'],
    ['0,a\n2,b\n2,LASTCHUNK', 'malformed'],
    ['x,a\n2,LASTCHUNK', 'malformed'],
    ['1,../a\n2,LASTCHUNK', 'nameUnsafe'],
    ['1,\n2,LASTCHUNK', 'nameUnsafe'],
  ])('%j is refused', (text, reason) => {
    expect(parseLocalChunks(text)).toMatchObject({ ok: false, reason });
  });
});
