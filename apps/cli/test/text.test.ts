import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeText } from '../src/text/escape.ts';
import { holdupWords } from '../src/text/holdups.ts';
import { formatTable } from '../src/text/table.ts';
import { formatBytes, formatDuration, formatRate } from '../src/text/units.ts';

describe('amounts', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [102_400, '102 kB'],
    [999_600, '1.00 MB'],
    [123_456_789, '123 MB'],
    [1_073_741_824, '1.07 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [12, '12 ms'],
    [3210, '3.2 s'],
    [59_960, '1 min 0 s'],
    [245_000, '4 min 5 s'],
    [7_380_000, '2 h 3 min'],
    [Number.POSITIVE_INFINITY, '?'],
  ])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  test('a rate is an amount a second', () => expect(formatRate(2_500_000)).toBe('2.50 MB/s'));
});

describe('names from others', () => {
  test('show their controls instead of sending them', () => {
    expect(escapeText('a\u001b[2Jb\r\n\u202ec')).toBe('a\\u{1b}[2Jb\\u{d}\\u{a}\\u{202e}c');
  });

  test('never reach a terminal with a control character', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xd7ff })), (codes) => {
        const name = String.fromCodePoint(...codes);
        expect(escapeText(name)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  test('keep letters of every script', () => expect(escapeText('Grüße 数据 🐟')).toBe('Grüße 数据 🐟'));
});

describe('layout', () => {
  test('what time went to, the largest share first', () => {
    expect(holdupWords({ noPeers: 30, path: 965, disk: 4, choked: 1 })).toEqual([
      'the way here 97 %',
      'finding somebody to ask 3 %',
    ]);
    expect(holdupWords({})).toEqual([]);
  });

  test('a table lines its numbers up', () => {
    expect(
      formatTable([
        ['to', 'owner'],
        ['receiver 1', '5 B'],
        ['r2', '10 B'],
      ]),
    ).toBe(['to          owner', '----------  -----', 'receiver 1    5 B', 'r2           10 B'].join('\n'));
  });
});
