import { seededRng } from '@shoal/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawCode, parseCode } from '../src/introduction/code.ts';
import { words } from '../src/introduction/words.ts';

const rng = seededRng('codes');
const draw = () => drawCode((count) => rng.bytes(count));

const problemOf = (text: string): string => {
  const parsed = parseCode(text);
  return parsed.ok ? 'none' : parsed.detail;
};

const meetingOf = (text: string): string | undefined => {
  const parsed = parseCode(text);
  return parsed.ok ? parsed.code.meeting : undefined;
};

describe('a code', () => {
  test('is read as it was shown, and as people type it', () => {
    const { text, meeting } = draw();
    expect(text).toMatch(/^[1-9]\d{3}-[a-z]+-[a-z]+$/);
    for (const typed of [text, ` ${text.toUpperCase()}\n`, text.replaceAll('-', ' '), text.replaceAll('-', ' - ')])
      expect(parseCode(typed)).toEqual({ ok: true, code: { text, meeting } });
  });

  test('says where to meet by its number alone', () => {
    expect(meetingOf('4821-coral-walnut')).toMatch(/^[\da-f]{64}$/);
    expect(meetingOf('4821-coral-walnut')).toBe(meetingOf('4821-zoo-abandon'));
    expect(meetingOf('4821-coral-walnut')).not.toBe(meetingOf('4822-coral-walnut'));
  });

  test('is drawn from all words: 22 bits', () => {
    expect(new Set(words.map((word) => word.slice(0, 4))).size).toBe(2 ** 11);
    const drawn = new Set(Array.from({ length: 20_000 }, () => draw().text.split('-').slice(1)).flat());
    expect(drawn.size).toBe(words.length);
  });

  test.each([
    ['4821-corall-walnut', 'is it "coral"?'],
    ['4821-coral-wallnut', 'is it "walnut"?'],
    ['4821-corla-walnut', '"corla"'],
    ['4821-coral', 'two words, such as'],
    ['coral-walnut', 'four digits'],
    ['0821-coral-walnut', 'four digits'],
    ['48211-coral-walnut', 'four digits'],
    ['4821-coral-walnut-zoo', 'two words'],
    ['', 'a code is'],
  ])('mistyped as "%s" is told so', (typed, told) => {
    expect(problemOf(typed)).toContain(told);
  });

  test('of any text whatever is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (typed) => {
        expect(parseCode(typed).ok || problemOf(`1000-${typed}-zoo`) !== '').toBe(true);
      }),
    );
  });
});
