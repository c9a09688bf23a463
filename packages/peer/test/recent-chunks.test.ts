import { expect, test } from 'vitest';
import { RecentChunks } from '../src/node/recent-chunks.ts';

test('keeps the latest chunks, as many as fit', () => {
  const recent = new RecentChunks(25, () => {});
  for (const chunk of [1, 2, 3]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  expect([1, 2, 3].map((chunk) => recent.get(chunk)?.[0])).toEqual([undefined, 2, 3]);
  recent.put(4, new Uint8Array(100));
  expect([2, 3, 4].map((chunk) => recent.get(chunk))).toEqual([undefined, undefined, undefined]);
});

test('hands on the memory of chunks that went, unless somebody has them', () => {
  const gone: number[] = [];
  const recent = new RecentChunks(25, (body) => gone.push(body[0]!));
  for (const chunk of [1, 2]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  expect(recent.get(1)?.[0]).toBe(1);
  for (const chunk of [3, 4, 5]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  expect(gone).toEqual([2, 3]);
});
