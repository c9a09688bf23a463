// Memory of records goes round, and never serves two at once.

import { expect, test } from 'vitest';
import { RecordMemory } from '../src/streams/record.ts';

test('memory given back serves the next record of any large size', () => {
  const memory = new RecordMemory();
  const first = memory.take(65_536);
  memory.give(first.subarray(0, 65_520));
  const second = memory.take(40_000);
  expect(second.length).toBe(40_000);
  expect(second.buffer).toBe(first.buffer);
  expect(memory.take(1_000).buffer.byteLength).toBe(1_000);
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
