import { instant } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Unchoking, type UnchokingOptions } from '../src/giving/unchoking.ts';
import type { Remote } from '../src/remote.ts';
import { newRemote } from './support/remotes.ts';

/** Some remotes that want something, and how many requests each was allowed. */
function unchoking(count: number, options: Partial<UnchokingOptions> = {}) {
  const allowed = new Map<Remote, number>();
  const parts = new Unchoking({
    unchoke: (remote, requests) => allowed.set(remote, (allowed.get(remote) ?? 0) + requests),
    mayAsk: () => true,
    ...options,
  });
  const remotes = Array.from({ length: count }, () => newRemote());
  for (const remote of remotes) parts.setInterest(remote, true);
  return { parts, remotes, counts: () => remotes.map((remote) => allowed.get(remote) ?? 0) };
}

describe('unchoking', () => {
  test('goes round among those who want something', () => {
    const { parts, remotes, counts } = unchoking(3);
    parts.setInterest(remotes[1]!, false);
    parts.unchoke(3, instant(0));
    expect(counts()).toEqual([2, 0, 1]);
    parts.setInterest(remotes[1]!, true);
    parts.unchoke(3, instant(0));
    expect(counts()).toEqual([3, 1, 2]);
  });

  test('nobody makes more requests than it was allowed', () => {
    const { parts, remotes } = unchoking(2);
    parts.unchoke(1, instant(0));
    expect(parts.use(remotes[0]!)).toBe(true);
    expect(parts.use(remotes[0]!)).toBe(false);
    expect(parts.use(remotes[1]!)).toBe(false);
    expect(parts.use(newRemote())).toBe(false);
  });

  test('what was allowed and not used keeps nobody waiting for long, and may still be used', () => {
    const { parts, remotes } = unchoking(2);
    parts.unchoke(2, instant(0));
    expect(parts.expected).toBe(2);
    parts.handleTimeout(parts.nextTimeout());
    expect(parts.expected).toBe(0);
    expect(parts.use(remotes[1]!)).toBe(true);
    expect(parts.expected).toBe(0);
  });

  test('who leaves what it was allowed unused for long gets no more, until it is used or given back', () => {
    const { parts, remotes, counts } = unchoking(2);
    parts.unchoke(2, instant(0));
    parts.use(remotes[1]!);
    parts.unchoke(3, instant(10_000));
    expect(counts()).toEqual([1, 4]);
    parts.giveBack(remotes[0]!, 1);
    parts.unchoke(1, instant(10_000));
    expect(counts()).toEqual([2, 4]);
  });

  test('who deserves nothing gets every fourth turn at most, in turn with the others', () => {
    const { parts, remotes, counts } = unchoking(4, { deserves: (remote) => remote !== remotes[0] });
    for (let turn = 0; turn < 64; turn += 1) {
      parts.unchoke(1, instant(turn));
      for (const remote of remotes) parts.use(remote);
    }
    const [undeserving, ...others] = counts();
    expect(undeserving).toBe(4);
    for (const count of others) expect(count).toBe(20);
  });

  test('who gave most comes first, equals in turn, and every fourth turn is anybody’s', () => {
    const gifts = [100, 80, 10, 0];
    const { parts, remotes, counts } = unchoking(4, { gave: (remote) => gifts[remotes.indexOf(remote)]! });
    for (let turn = 0; turn < 64; turn += 1) {
      parts.unchoke(1, instant(turn));
      for (const remote of remotes) parts.use(remote);
    }
    expect(counts()).toEqual([28, 28, 4, 4]);
  });

  test('who gave little comes first when nobody who gave more wants anything', () => {
    const { parts, remotes, counts } = unchoking(2, { gave: (remote) => (remote === remotes[0] ? 100 : 0) });
    parts.setInterest(remotes[0]!, false);
    for (let turn = 0; turn < 3; turn += 1) {
      parts.unchoke(1, instant(turn));
      for (const remote of remotes) parts.use(remote);
    }
    expect(counts()).toEqual([0, 3]);
  });

  test('who deserves nothing gets all that is left when nobody else has wanted anything for a while', () => {
    const { parts, remotes, counts } = unchoking(2, { deserves: (remote) => remote !== remotes[0] });
    parts.unchoke(1, instant(1_000));
    expect(counts()).toEqual([0, 1]);
    parts.use(remotes[1]!);
    parts.setInterest(remotes[1]!, false);
    parts.unchoke(1, instant(1_100));
    expect(counts()).toEqual([0, 1]);
    parts.handleTimeout(instant(1_300));
    const leftoverAt = parts.nextTimeout();
    expect(leftoverAt).toBe(3_000);
    parts.handleTimeout(leftoverAt);
    for (let more = 0; more < 3; more += 1) {
      parts.unchoke(1, leftoverAt);
      parts.use(remotes[0]!);
    }
    expect(counts()).toEqual([3, 1]);
  });

  test('who turns out to want nothing, or leaves, is not waited for', () => {
    const { parts, remotes } = unchoking(3);
    parts.unchoke(3, instant(0));
    parts.setInterest(remotes[0]!, false);
    parts.giveBack(remotes[0]!, 1);
    parts.remove(remotes[1]!);
    expect(parts.expected).toBe(1);
    expect(parts.use(remotes[0]!)).toBe(false);
    parts.unchoke(2, instant(1));
    expect(parts.expected).toBe(3);
    expect(parts.use(remotes[1]!)).toBe(false);
  });

  test('nobody can give back more than it has', () => {
    const { parts, remotes, counts } = unchoking(1);
    parts.giveBack(remotes[0]!, 900);
    parts.unchoke(1, instant(0));
    parts.giveBack(remotes[0]!, 900);
    expect(parts.expected).toBe(0);
    parts.unchoke(1, instant(0));
    expect([counts(), parts.use(remotes[0]!), parts.use(remotes[0]!)]).toEqual([[2], true, false]);
  });

  test('the lowest rank comes first, and who should have none is passed over', () => {
    const ranks = new Map<Remote, number>();
    const { parts, remotes, counts } = unchoking(4, {
      rank: (remote) => ranks.get(remote) ?? 0,
      mayAsk: (remote) => remote !== remotes[3],
    });
    ranks.set(remotes[0]!, 9).set(remotes[1]!, 2);
    parts.unchoke(5, instant(0));
    expect(counts()).toEqual([0, 2, 3, 0]);
  });

  test('ends when nobody may have more', () => {
    const { parts, counts } = unchoking(2, { mayAsk: () => false });
    parts.unchoke(10, instant(0));
    expect(counts()).toEqual([0, 0]);
    expect(unchoking(0).parts.nextTimeout()).toBe(Infinity);
  });
});
