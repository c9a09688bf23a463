import { Bitfield, instant, NEVER } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Departure } from '../src/departure.ts';
import type { Remote } from '../src/remote.ts';
import { newRemote, peerNumber } from './support/remotes.ts';

const chunkCount = 4;
const bits = (...chunks: number[]): Bitfield => {
  const field = new Bitfield(chunkCount);
  for (const chunk of chunks) field.set(chunk);
  return field;
};
const all = Bitfield.full(chunkCount);

/** One that holds everything and is number 5, among others; answers whether it goes at the first look. */
function look(remotes: readonly Remote[], { isOwner = false } = {}) {
  let told = 0;
  const tell = (): void => void (told += 1);
  const departure = new Departure({ self: peerNumber(5), isOwner, remotes, held: () => all, tell });
  departure.wish(250, instant(1_000));
  departure.handleTimeout(instant(1_000));
  return { departure, goes: () => told === 1 };
}

const receiver = (number: number, held: Bitfield): Remote => Object.assign(newRemote(peerNumber(number)), { held });
const owner = (number: number): Remote =>
  Object.assign(newRemote(peerNumber(number)), { held: bits(), isOffering: true });

describe('leaving a swarm', () => {
  test.each([
    ['nobody is there', [], true],
    ['everybody is done', [receiver(1, all), receiver(9, all)], true],
    ['those who stay for the rest have it all together', [receiver(1, bits(0, 1, 2)), receiver(2, bits(3))], true],
    ['a chunk is nowhere else', [receiver(1, bits(0, 1)), receiver(2, bits(1, 2))], false],
    ['somebody has nothing yet', [newRemote(peerNumber(1))], false],
    ['one who is done as well must stay longer', [receiver(1, bits(0)), receiver(9, all)], true],
    ['one who is done as well may go first', [receiver(1, bits(0)), receiver(4, all)], false],
    ['the owner is there', [receiver(1, bits(0)), owner(4)], true],
  ] as const)('when %s', (_when, remotes, goes) => {
    expect(look(remotes).goes()).toBe(goes);
  });

  test('an owner relies on nobody who may go as well', () => {
    expect(look([receiver(1, bits(0)), receiver(9, all)], { isOwner: true }).goes()).toBe(false);
    expect(look([receiver(1, bits(0, 1, 2, 3)), receiver(2, bits(2))], { isOwner: true }).goes()).toBe(false);
    expect(look([receiver(1, bits(0, 1)), receiver(2, bits(2, 3))], { isOwner: true }).goes()).toBe(true);
  });

  test('looks again until it may go', () => {
    const lacking = receiver(1, bits(0));
    const { departure, goes } = look([lacking]);
    expect([goes(), departure.nextTimeout()]).toEqual([false, 1_100]);
    lacking.held = bits(0, 1, 2, 3);
    departure.handleTimeout(instant(1_100));
    expect([goes(), departure.nextTimeout()]).toEqual([true, NEVER]);
  });

  test('does not wait longer than it was asked to', () => {
    const { departure, goes } = look([receiver(1, bits(0))]);
    for (const at of [1_100, 1_200]) departure.handleTimeout(instant(at));
    expect([goes(), departure.nextTimeout()]).toEqual([false, 1_250]);
    departure.handleTimeout(instant(1_250));
    expect(goes()).toBe(true);
  });
});
