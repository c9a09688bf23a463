import { describe, expect, test } from 'vitest';
import type { Happening } from '../src/happenings.ts';
import { formatRecording, HappeningReader, parseRecording } from '../src/recording-file.ts';

const header = { shoalRecording: 1, title: 'a.bin', source: 'live' } as const;
const happenings: Happening[] = [
  { atMs: 0, kind: 'content', name: 'a.bin', chunkCount: 4, bytes: 400 },
  { atMs: 0, kind: 'came', peer: 'a', role: 'owner', label: 'owner', held: [[0, 4]] },
  { atMs: 1, kind: 'came', peer: 'b', role: 'receiver', label: 'b', upBytesPerSecond: 10 },
  { atMs: 2, kind: 'linked', peer: 'b', remote: 'a' },
  { atMs: 3, kind: 'asked', peer: 'b', from: 'a', chunk: 3 },
  { atMs: 4, kind: 'link', peer: 'b', remote: 'a', upBytesPerSecond: 1, downBytesPerSecond: 2, cwndBytes: 3 },
  { atMs: 5, kind: 'held', peer: 'b', from: 'a', chunk: 3, sinceMs: 4 },
  { atMs: 6, kind: 'why', peer: 'b', sharesMs: { path: 6 } },
  { atMs: 7, kind: 'left', peer: 'b' },
];
const text = formatRecording({ header, happenings }).join('');

const detailOf = (changed: string): string => {
  const read = parseRecording(changed);
  return read.ok ? 'ok' : read.detail;
};

const line = (value: object): string =>
  `${JSON.stringify(header)}\n${JSON.stringify(happenings[0])}\n${JSON.stringify(value)}\n`;

describe('a recording file', () => {
  test('comes back as it was written', () => {
    expect(parseRecording(text)).toEqual({ ok: true, value: { header, happenings } });
  });

  test('is good up to where its recorder was killed', () => {
    expect(parseRecording(text.slice(0, -12))).toEqual({
      ok: true,
      value: { header, happenings: happenings.slice(0, -1) },
    });
  });

  test.each([
    ['nothing', '', 'is no recording of shoal'],
    ['a picture', '\u0089PNG', 'is no recording of shoal'],
    ['other JSON', '{"a":1}\n', 'is no recording of shoal'],
    ['a header alone that is odd', '{"shoalRecording":1,"title":7,"source":"live"}', 'its header is damaged'],
    [
      'another version',
      text.replace('"shoalRecording":1', '"shoalRecording":2'),
      'is a recording of another version (2)',
    ],
    ['a broken line', text.replace('{"atMs":3', '{"atMs":"3"'), 'is damaged: this is no happening (line 6)'],
    ['half a line', text.replace('"kind":"asked"', '"kind":'), 'is damaged: this is no happening (line 6)'],
    ['time going back', text.replace('"atMs":5', '"atMs":1'), 'is damaged: it goes back in time (line 8)'],
    ['a chunk from the future', text.replace('"sinceMs":4', '"sinceMs":6'), 'came before it was sent (line 8)'],
    ['a chunk too many', line({ atMs: 1, kind: 'held', peer: 'a', chunk: 4 }), 'a chunk that the content has not'],
    [
      'a run too long',
      line({ atMs: 1, kind: 'came', peer: 'a', role: 'owner', label: '', held: [[1, 4]] }),
      'a chunk that',
    ],
    [
      'a huge content',
      line({ atMs: 1, kind: 'content', name: '', chunkCount: 1e12, bytes: 1 }),
      'is of too many peers and chunks to be shown (line 3)',
    ],
  ])('says what is wrong with %s', (_, changed, detail) => {
    expect(detailOf(changed)).toContain(detail);
  });

  test('is refused when it could not be shown', () => {
    const big = { ...happenings[0], chunkCount: 50_000 };
    const many = Array.from({ length: 300 }, (_, i) => ({
      atMs: 0,
      kind: 'came',
      peer: `p${i}`,
      role: 'receiver',
      label: '',
    }));
    const lines = [header, big, ...many].map((value) => JSON.stringify(value));
    expect(detailOf(`${lines.join('\n')}\n`)).toBe('is of too many peers and chunks to be shown (line 203)');
  });

  test('nothing that is no happening passes, nor a field that belongs to none', () => {
    const reader = new HappeningReader();
    const odd = JSON.parse('{"atMs":1,"kind":"left","peer":"a","__proto__":{"x":1},"extra":"<b>"}') as unknown;
    expect(JSON.stringify(reader.read(odd))).toBe('{"kind":"left","atMs":1,"peer":"a"}');
    const others = [
      null,
      7,
      [],
      {},
      { kind: 'toString', atMs: 1 },
      { kind: 'left', atMs: 1 },
      { kind: 'left', atMs: NaN, peer: 'a' },
    ];
    for (const other of others) expect(reader.read(other)).toBe('is damaged: this is no happening');
  });
});
