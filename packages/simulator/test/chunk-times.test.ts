import { expect, test } from 'vitest';
import { ChunkTimes, quantile } from '../src/index.ts';

test('the last hundredth of each complete receiver is compared with all chunks', () => {
  const times = new ChunkTimes();
  for (let chunk = 0; chunk < 198; chunk += 1) times.add(1, 10);
  for (let chunk = 0; chunk < 2; chunk += 1) times.add(1, 70);
  for (let chunk = 0; chunk < 199; chunk += 1) times.add(2, 900); // not complete
  expect(times.summary(200)).toEqual({ medianMs: 10, lastP99Ms: 70 });
  expect(new ChunkTimes().summary(200)).toEqual({ medianMs: NaN, lastP99Ms: NaN });
});

test('a quantile is one of the values', () => {
  expect([0, 0.5, 0.75, 1].map((part) => quantile([4, 1, 3, 2], part))).toEqual([1, 3, 4, 4]);
});
