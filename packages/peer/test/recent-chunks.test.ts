import { expect, test } from 'vitest';
import { BodyHolders } from '../src/node/body-holders.ts';
import { RecentChunks } from '../src/node/recent-chunks.ts';

test('keeps the latest chunks, as many as fit', () => {
  const recent = new RecentChunks(25, new BodyHolders(() => {}));
  for (const chunk of [1, 2, 3]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  expect([1, 2, 3].map((chunk) => recent.get(chunk)?.[0])).toEqual([undefined, 2, 3]);
  recent.put(4, new Uint8Array(100));
  expect([2, 3, 4].map((chunk) => recent.get(chunk))).toEqual([undefined, undefined, undefined]);
});

test('the memory of a chunk serves again when it is not recent and everybody has it', () => {
  const free: number[] = [];
  const holders = new BodyHolders((body) => free.push(body[0]!));
  const recent = new RecentChunks(25, holders);
  for (const chunk of [1, 2]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  const first = recent.get(1)!;
  holders.hold(first); // under way to two remotes
  holders.hold(first);
  for (const chunk of [3, 4, 5]) recent.put(chunk, new Uint8Array(10).fill(chunk));
  expect(free).toEqual([2, 3]);
  holders.drop(first);
  expect(free).toEqual([2, 3]);
  holders.drop(first);
  expect(free).toEqual([2, 3, 1]);
  holders.drop(first); // nobody's any more
  expect(free).toEqual([2, 3, 1]);
});
