import { Bitfield, type Instant, instant, seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { FirstCopies } from '../src/giving/first-copies.ts';
import { fixedShape } from '../src/index.ts';
import type { Remote } from '../src/remote.ts';
import { newRemote } from './support/remotes.ts';

/** An owner of `chunks` chunks and what it has offered to whom. */
function owner(chunks: number) {
  const offers = new Map<Remote, number[]>();
  const tell = (remote: Remote, told: readonly number[]): void => {
    offers.set(remote, [...(offers.get(remote) ?? []), ...told]);
  };
  const firstCopies = new FirstCopies(fixedShape(chunks * 100, 100), seededRng('first copies'), tell);
  const offered = (remote: Remote): number[] => offers.get(remote) ?? [];
  const arrive = (now: Instant): Remote => {
    const remote = newRemote();
    firstCopies.remoteHolds(remote, new Bitfield(chunks), now);
    return remote;
  };
  /** The remote asks for a chunk, gets it and announces it. */
  const fetch = (remote: Remote, chunk: number, now: Instant): void => {
    firstCopies.requested(remote, chunk, now);
    firstCopies.sending(remote, chunk, now);
    firstCopies.sent(remote, chunk, now);
    firstCopies.remoteHas(remote, [chunk], now);
  };
  return { firstCopies, offered, arrive, fetch };
}

const ascending = (a: number, b: number): number => a - b;

describe('first copies', () => {
  test('nobody is offered what another was, while there is something new', () => {
    const { offered, arrive, fetch } = owner(30);
    const remotes = [0, 1, 2].map(() => arrive(instant(0)));
    for (let round = 0; round < 8; round += 1)
      for (const remote of remotes) fetch(remote, offered(remote)[round]!, instant(round));
    const all = remotes.flatMap(offered);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(30);
  });

  test('who asks for more at a time is offered more', () => {
    const { firstCopies, offered, arrive } = owner(1_000);
    const remote = arrive(instant(0));
    expect(offered(remote)).toHaveLength(2);
    for (let asked = 0; asked < 40; asked += 1) firstCopies.requested(remote, offered(remote)[asked]!, instant(1));
    expect(offered(remote).length).toBeGreaterThan(80);
  });

  test('a lone receiver is offered everything as it goes on', () => {
    const { offered, arrive, fetch } = owner(50);
    const remote = arrive(instant(0));
    for (let round = 0; round < 50; round += 1) fetch(remote, offered(remote)[round]!, instant(round));
    expect(new Set(offered(remote)).size).toBe(50);
  });

  test('what was offered to one who left is new again', () => {
    const { firstCopies, offered, arrive, fetch } = owner(2);
    const [gone, other] = [arrive(instant(0)), arrive(instant(0))];
    expect([offered(gone).length, offered(other).length]).toEqual([2, 0]);
    fetch(gone, offered(gone)[0]!, instant(1));
    firstCopies.remoteLeft(gone, instant(2));
    expect(offered(other).sort(ascending)).toEqual([0, 1]);
  });

  test('an offer that leads to nothing is made to another after a while', () => {
    const { firstCopies, offered, arrive } = owner(2);
    const [idle, other] = [arrive(instant(0)), arrive(instant(0))];
    firstCopies.handleTimeout(instant(400));
    expect(offered(other)).toEqual([]);
    firstCopies.handleTimeout(instant(3_100));
    expect(offered(other).sort(ascending)).toEqual(offered(idle).sort(ascending));
  });

  test('who gets nothing from anybody is given a repeat', () => {
    const { firstCopies, offered, arrive, fetch } = owner(2);
    const [first, second] = [arrive(instant(0)), arrive(instant(0))];
    for (const chunk of offered(first)) fetch(first, chunk, instant(1));
    const third = arrive(instant(10));
    firstCopies.handleTimeout(instant(150));
    expect([offered(second), offered(third)]).toEqual([[], []]); // the first one may still pass them on
    firstCopies.handleTimeout(instant(300));
    expect([offered(second).sort(ascending), offered(third).sort(ascending)]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('says when it wants to look again only while somebody lacks something', () => {
    const { firstCopies, offered, arrive, fetch } = owner(2);
    expect(firstCopies.nextTimeout()).toBe(Infinity);
    const remote = arrive(instant(0));
    expect(firstCopies.nextTimeout()).toBeLessThan(Infinity);
    for (const chunk of offered(remote)) fetch(remote, chunk, instant(1));
    expect(firstCopies.nextTimeout()).toBe(Infinity);
  });
});
