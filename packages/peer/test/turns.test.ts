import { requestId } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Turns } from '../src/giving/turns.ts';
import { newRemote } from './support/remotes.ts';

describe('turns', () => {
  test('remotes take turns, each with its requests in order', () => {
    const turns = new Turns();
    const [a, b] = [newRemote(), newRemote()];
    for (const chunk of [1, 2, 3]) turns.add({ remote: a, request: requestId(chunk), chunk });
    for (const chunk of [11, 12]) turns.add({ remote: b, request: requestId(chunk), chunk });
    const served: number[] = [];
    for (let next = turns.take(); next !== undefined; next = turns.take()) served.push(next.chunk);
    expect(served).toEqual([1, 11, 2, 12, 3]);
    expect(turns.size).toBe(0);
  });

  test('what is cancelled or whose remote is gone is not served', () => {
    const turns = new Turns();
    const [a, b] = [newRemote(), newRemote()];
    for (const chunk of [1, 2]) turns.add({ remote: a, request: requestId(chunk), chunk });
    turns.add({ remote: b, request: requestId(3), chunk: 3 });
    expect(turns.cancel(a, requestId(1))).toMatchObject({ chunk: 1 });
    expect(turns.cancel(a, requestId(9))).toBeUndefined();
    turns.drop(b);
    expect(turns.takeAll().map(({ chunk }) => chunk)).toEqual([2]);
    expect(turns.size).toBe(0);
  });

  test('one remote has at most 512 waiting, and keeps nobody else out', () => {
    const turns = new Turns();
    const [greedy, other] = [newRemote(), newRemote()];
    const add = (remote: typeof greedy, number: number): boolean =>
      turns.add({ remote, request: requestId(number), chunk: 0 });
    for (let number = 0; number < 512; number += 1) expect(add(greedy, number)).toBe(true);
    expect(add(greedy, 512)).toBe(false);
    expect(add(other, 513)).toBe(true);
  });
});
