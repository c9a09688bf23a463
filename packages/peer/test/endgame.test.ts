import { askId, Bitfield, instant, type Instant } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Asks } from '../src/fetching/asks.ts';
import { chunkToDouble } from '../src/fetching/endgame.ts';
import type { Remote } from '../src/remote.ts';
import { newRemote } from './support/remotes.ts';

let numbers = 0;

/** A remote that has all ten chunks and usually answers in `usualMs`. */
function remoteWith(usualMs: number | undefined): Remote {
  const remote = newRemote();
  remote.held = Bitfield.full(10);
  if (usualMs === undefined) return remote;
  remote.pipeline.asked(instant(0));
  remote.pipeline.answered(100, instant(0), 1, instant(usualMs));
  return remote;
}

function ask(asks: Asks, remote: Remote, chunk: number, at: number): void {
  numbers += 1;
  asks.add({ ask: askId(numbers), remote, chunk, bytes: 100, at: instant(at), arrivedBytes: 0, givenUp: false });
}

const now: Instant = instant(10_000);

describe('the endgame', () => {
  test('doubles the request that is waited for longest, where the newcomer is clearly quicker', () => {
    const asks = new Asks();
    const slow = remoteWith(5_000);
    ask(asks, slow, 1, 9_000);
    ask(asks, slow, 2, 9_900);
    expect(chunkToDouble(remoteWith(100), asks, now)).toBe(2);
    expect(chunkToDouble(remoteWith(4_500), asks, now)).toBeUndefined();
  });

  test('doubles nothing among equals that are in time', () => {
    const asks = new Asks();
    for (let chunk = 0; chunk < 5; chunk += 1) ask(asks, remoteWith(200), chunk, 9_950);
    expect(chunkToDouble(remoteWith(200), asks, now)).toBeUndefined();
  });

  test('asks a remote of which nothing is known only for what is overdue', () => {
    const asks = new Asks();
    ask(asks, remoteWith(200), 3, 9_900);
    expect(chunkToDouble(remoteWith(undefined), asks, now)).toBeUndefined();
    ask(asks, remoteWith(200), 4, 9_000);
    expect(chunkToDouble(remoteWith(undefined), asks, now)).toBe(4);
  });

  test('asks nobody twice for the same chunk, and not a third one', () => {
    const asks = new Asks();
    const [slow, quick] = [remoteWith(5_000), remoteWith(100)];
    ask(asks, slow, 1, 9_000);
    ask(asks, quick, 1, 9_999);
    expect(chunkToDouble(quick, asks, now)).toBeUndefined();
    expect(chunkToDouble(remoteWith(50), asks, now)).toBeUndefined();
  });
});
