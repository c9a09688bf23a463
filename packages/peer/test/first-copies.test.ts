import { Bitfield, type Instant, instant, seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { FirstCopies } from '../src/giving/first-copies.ts';
import { fixedShape } from '../src/index.ts';
import type { Remote } from '../src/remote.ts';
import { newRemote } from './support/remotes.ts';

/** An owner of `chunks` chunks and what it has offered to whom. */
function owner(chunks: number) {
  const offers = new Map<Remote, number[]>();
  const firstCopies = new FirstCopies(fixedShape(chunks * 100, 100), seededRng('first copies'), (remote, chunk) =>
    offers.set(remote, [...(offers.get(remote) ?? []), chunk]),
  );
  const offered = (remote: Remote): number[] => offers.get(remote) ?? [];
  const arrive = (now: Instant): Remote => {
    const remote = newRemote();
    firstCopies.remoteHolds(remote, new Bitfield(chunks), now);
    return remote;
  };
  /** The chunk that the remote is offered, if it is offered one. */
  const offer = (remote: Remote, now: Instant, allowance = 0): number | undefined => {
    const before = offered(remote).length;
    return firstCopies.offer(remote, allowance, now) ? offered(remote)[before] : undefined;
  };
  /** The remote asks for a chunk, gets it and announces it. */
  const fetch = (remote: Remote, chunk: number, now: Instant): void => {
    firstCopies.requested(remote, chunk, now);
    firstCopies.sending(remote, chunk, now);
    firstCopies.sent(remote, chunk, now);
    firstCopies.remoteHas(remote, [chunk], now);
  };
  return { firstCopies, offered, arrive, offer, fetch };
}

describe('first copies', () => {
  test('nobody is offered what another was, while there is something new', () => {
    const { offered, arrive, offer, fetch } = owner(30);
    const remotes = [0, 1, 2].map(() => arrive(instant(0)));
    for (let round = 0; round < 10; round += 1)
      for (const remote of remotes) fetch(remote, offer(remote, instant(round))!, instant(round));
    expect(new Set(remotes.flatMap(offered)).size).toBe(30);
  });

  test('who may make several requests at once is offered as many chunks', () => {
    const { offered, arrive, offer } = owner(1_000);
    const remote = arrive(instant(0));
    for (let allowance = 0; allowance < 40; allowance += 1) offer(remote, instant(0), allowance);
    expect(new Set(offered(remote)).size).toBe(40);
  });

  test('who has offers left that it may not ask for yet is offered no more', () => {
    const { firstCopies, offered, arrive, offer } = owner(10);
    const remote = arrive(instant(0));
    const chunk = offer(remote, instant(0))!;
    expect(firstCopies.offer(remote, 0, instant(0))).toBe(true);
    expect(offered(remote)).toEqual([chunk]);
  });

  test('a lone receiver is offered everything as it goes on', () => {
    const { offered, arrive, offer, fetch } = owner(50);
    const remote = arrive(instant(0));
    for (let round = 0; round < 50; round += 1) fetch(remote, offer(remote, instant(round))!, instant(round));
    expect(new Set(offered(remote)).size).toBe(50);
    expect(offer(remote, instant(50))).toBeUndefined();
  });

  test('first copies of who falls silent before it passed them on go to others', () => {
    const { firstCopies, arrive, offer, fetch } = owner(2);
    const [frozen, other] = [arrive(instant(0)), arrive(instant(0))];
    const chunk = offer(frozen, instant(0))!;
    fetch(frozen, chunk, instant(1));
    const second = offer(other, instant(1))!;
    expect(new Set([chunk, second]).size).toBe(2);
    fetch(other, second, instant(20_000));
    firstCopies.handleTimeout(instant(20_000));
    expect(firstCopies.unspread(frozen)).toBe(0);
    expect(offer(other, instant(20_000))).toBe(chunk);
  });

  test('tells how many first copies a remote was given that nobody else has', () => {
    const { firstCopies, arrive, offer, fetch } = owner(10);
    const [quick, slow] = [arrive(instant(0)), arrive(instant(0))];
    const [first, second] = [offer(quick, instant(0))!, offer(slow, instant(0))!];
    fetch(quick, first, instant(1));
    fetch(slow, second, instant(1));
    expect([quick, slow].map((remote) => firstCopies.unspread(remote))).toEqual([1, 1]);
    firstCopies.remoteHas(slow, [first], instant(2));
    expect([quick, slow].map((remote) => firstCopies.unspread(remote))).toEqual([0, 1]);
    firstCopies.remoteHas(slow, [first], instant(3));
    expect(firstCopies.unspread(quick)).toBe(0);
  });

  test('what was offered to one who left is new again', () => {
    const { firstCopies, arrive, offer, fetch } = owner(2);
    const [gone, other] = [arrive(instant(0)), arrive(instant(0))];
    fetch(gone, offer(gone, instant(0))!, instant(1));
    offer(gone, instant(1));
    expect(offer(other, instant(1))).toBeUndefined();
    firstCopies.remoteLeft(gone, instant(2));
    expect(new Set([offer(other, instant(2)), offer(other, instant(2), 1)])).toEqual(new Set([0, 1]));
  });

  test('what a remote does not want is offered to another', () => {
    const { firstCopies, arrive, offer } = owner(1);
    const [sated, other] = [arrive(instant(0)), arrive(instant(0))];
    expect(offer(sated, instant(0))).toBe(0);
    expect(offer(other, instant(0))).toBeUndefined();
    firstCopies.declined(sated, instant(1));
    expect(firstCopies.unspread(sated)).toBe(0);
    expect(offer(other, instant(1))).toBe(0);
  });

  test('an offer that leads to nothing is made to another after a while', () => {
    const { firstCopies, arrive, offer } = owner(1);
    const [idle, other] = [arrive(instant(0)), arrive(instant(0))];
    offer(idle, instant(0));
    firstCopies.handleTimeout(instant(400));
    expect(offer(other, instant(400))).toBeUndefined();
    firstCopies.handleTimeout(instant(3_100));
    expect(offer(other, instant(3_100))).toBe(0);
  });

  test('who gets nothing from anybody is given a repeat', () => {
    const { arrive, offer, fetch } = owner(2);
    const [first, second] = [arrive(instant(0)), arrive(instant(0))];
    for (let round = 0; round < 2; round += 1) fetch(first, offer(first, instant(1))!, instant(1));
    const third = arrive(instant(10));
    expect([offer(second, instant(150)), offer(third, instant(150))]).toEqual([undefined, undefined]);
    expect([offer(second, instant(300)), offer(third, instant(300))]).not.toContain(undefined);
  });

  test('says when it wants to look again only while somebody lacks something', () => {
    const { firstCopies, arrive, offer, fetch } = owner(2);
    expect(firstCopies.nextTimeout()).toBe(Infinity);
    const remote = arrive(instant(0));
    expect(firstCopies.nextTimeout()).toBeLessThan(Infinity);
    for (let round = 0; round < 2; round += 1) fetch(remote, offer(remote, instant(1))!, instant(1));
    expect(firstCopies.nextTimeout()).toBe(Infinity);
  });
});
