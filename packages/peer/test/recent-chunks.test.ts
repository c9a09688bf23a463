import { expect, test } from 'vitest';
import { RecentChunks } from '../src/node/recent-chunks.ts';

test('keeps the latest chunks, as many as fit', () => {
  const recent = new RecentChunks(25);
  for (const chunk of [1, 2, 3]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  expect([1, 2, 3].map((chunk) => recent.get(chunk)?.[0])).toEqual([undefined, 2, 3]);
  recent.put(4, new Uint8Array(100));
  expect([2, 3, 4].map((chunk) => recent.get(chunk))).toEqual([undefined, undefined, undefined]);
});
