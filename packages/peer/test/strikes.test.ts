import { after, instant, type PeerId } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Strikes } from '../src/strikes.ts';

const peer = (number: number): PeerId => number.toString(16).padStart(64, '0') as PeerId;

describe('strikes', () => {
  test('one bad chunk is a ban, which ends after an hour', () => {
    const strikes = new Strikes();
    expect(strikes.isBanned(peer(1), instant(0))).toBe(false);
    expect(strikes.strike(peer(1), 'badChunk', instant(0))).toBe(true);
    expect(strikes.isBanned(peer(1), after(instant(0), 3_599_999))).toBe(true);
    expect(strikes.isBanned(peer(1), after(instant(0), 3_600_000))).toBe(false);
    expect(strikes.isBanned(peer(2), instant(0))).toBe(false);
  });

  test('messages that make no sense are borne twice', () => {
    const strikes = new Strikes();
    expect([1, 2, 3].map((at) => strikes.strike(peer(1), 'badMessage', instant(at)))).toEqual([false, false, true]);
  });

  test('a stranger with many identities cannot grow the table, and pushes out the oldest only', () => {
    const strikes = new Strikes();
    for (let number = 0; number < 1_025; number += 1) strikes.strike(peer(number), 'badChunk', instant(number));
    expect(strikes.isBanned(peer(0), instant(2_000))).toBe(false);
    expect(strikes.isBanned(peer(1), instant(2_000))).toBe(true);
  });
});
