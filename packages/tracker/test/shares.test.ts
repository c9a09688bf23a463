import { after, instant } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Shares } from '../src/shares.ts';

const start = instant(5_000);

describe('the share of a remote', () => {
  test('is so many links at a time, and forgotten with the last', () => {
    const shares = new Shares({ links: 2, requestsPerSecond: 1 });
    const [first, second] = [shares.open('a', start)!, shares.open('a', start)!];
    expect(shares.open('a', start)).toBeUndefined();
    expect(shares.open('b', start)).toBeDefined();
    shares.close(first);
    expect(shares.open('a', start)).toBeDefined();
    shares.close(first);
    shares.close(second);
    expect(shares.size).toBe(1);
  });

  test('is a burst of requests, then a rate, over all its links', () => {
    const shares = new Shares({ links: 2, requestsPerSecond: 5 });
    const both = [shares.open('a', start)!, shares.open('a', start)!];
    const asked = (ms: number): number => {
      let count = 0;
      while (shares.ask(both[count % 2]!, after(start, ms))) count += 1;
      return count;
    };
    expect([asked(0), asked(100), asked(1_100), asked(3_600_000)]).toEqual([50, 0, 5, 50]);
  });

  test('may be without end', () => {
    const shares = new Shares({ links: 1, requestsPerSecond: Number.POSITIVE_INFINITY });
    const share = shares.open('a', start)!;
    expect([shares.ask(share, start), shares.ask(share, start), shares.ask(share, after(start, 1))]).toEqual([
      true,
      true,
      true,
    ]);
  });
});
