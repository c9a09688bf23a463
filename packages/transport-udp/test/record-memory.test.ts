// Memory of records goes round, and never serves two at once.

import { expect, test } from 'vitest';
import { RecordMemory } from '../src/streams/record.ts';

test.each([
  [2_048, 2_048],
  [4_000, 2_049],
  [65_536, 40_000],
])('memory of %i bytes given back serves the next record of %i', (bytes, nextBytes) => {
  const memory = new RecordMemory();
  const first = memory.take(bytes);
  memory.give(first.subarray(0, bytes - 16));
  const next = memory.take(nextBytes);
  expect(next.length).toBe(nextBytes);
  expect(next.buffer).toBe(first.buffer);
  expect(memory.take(nextBytes).buffer).not.toBe(first.buffer);
});

test('small records have memory of their own size', () => {
  const memory = new RecordMemory();
  const first = memory.take(1_000);
  memory.give(first);
  expect(first.buffer.byteLength).toBe(1_000);
  expect(memory.take(1_000).buffer).not.toBe(first.buffer);
});

test('users give back what was lent to them, once, and nothing else', () => {
  const memory = new RecordMemory();
  const [ours, theirs, small] = [memory.take(65_536), new Uint8Array(65_536), memory.take(10)];
  for (const lent of [ours, small]) memory.lend(lent);
  for (const given of [ours, ours, theirs, small]) memory.giveBack(given);
  const next = memory.take(65_536);
  expect(next.buffer).toBe(ours.buffer);
  expect([ours.buffer, theirs.buffer]).not.toContain(memory.take(65_536).buffer);
  memory.lend(next);
  memory.giveBack(ours); // the same memory, which is somebody else's now
  expect(memory.take(65_536).buffer).not.toBe(ours.buffer);
});

test('what is kept is bounded, and memory sent to another thread is not missed', () => {
  const memory = new RecordMemory(1);
  const [first, second, third] = [memory.take(65_536), memory.take(65_536), memory.take(65_536)];
  for (const lent of [first, second, third]) memory.lend(lent);
  structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
  for (const given of [first, second, third]) memory.giveBack(given);
  expect(memory.take(65_536).buffer).toBe(second.buffer);
  expect(memory.take(65_536).buffer).not.toBe(third.buffer);
});
