import { instant } from '@shoal/machine';
import { expect, test } from 'vitest';
import { News } from '../src/news.ts';

test('tells the first chunk and the last at once, and gathers what comes between', () => {
  const told: (readonly number[])[] = [];
  const news = new News((chunks) => told.push(chunks));
  news.add(1, false, instant(0));
  news.add(2, false, instant(1));
  news.add(3, false, instant(2));
  expect(told).toEqual([[1]]);
  expect(news.nextTimeout()).toBe(5);
  news.handleTimeout(instant(4));
  news.handleTimeout(instant(5));
  expect(told).toEqual([[1], [2, 3]]);
  news.add(4, true, instant(6));
  expect(told.at(-1)).toEqual([4]);
  expect(news.nextTimeout()).toBe(Infinity);
});
