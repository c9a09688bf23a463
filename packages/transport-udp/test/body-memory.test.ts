// Memory of bodies goes round, and never serves two at once.

import { expect, test } from 'vitest';
import { BodyMemory } from '../src/links/body-memory.ts';

test('memory given back serves the next body that fits into it', () => {
  const memory = new BodyMemory();
  const first = memory.take(400_000);
  expect(first.length).toBe(400_000);
  const other = memory.take(400_000);
  expect(other.buffer).not.toBe(first.buffer);
  memory.give(first);
  expect(memory.take(100_000).buffer).not.toBe(first.buffer);
  const second = memory.take(500_000);
  expect(second.length).toBe(500_000);
  expect(second.buffer).toBe(first.buffer);
});

test('nothing comes back twice, and nothing that was not lent', () => {
  const memory = new BodyMemory();
  const body = memory.take(65_536);
  memory.give(body);
  memory.give(body);
  memory.give(new Uint8Array(65_536));
  expect(memory.spareBytes).toBe(65_536);
  const [second, third] = [memory.take(65_536), memory.take(65_536)];
  expect(second.buffer).toBe(body.buffer);
  expect(third.buffer).not.toBe(body.buffer);
  memory.give(body); // the same memory, which is somebody else's now
  expect(memory.spareBytes).toBe(0);
});

test('small bodies and very large ones are not kept', () => {
  const memory = new BodyMemory();
  for (const count of [0, 1, 1_000, 2 ** 24]) {
    const body = memory.take(count);
    expect(body.buffer.byteLength).toBe(count);
    memory.give(body);
  }
  expect(memory.spareBytes).toBe(0);
});

test('what is kept is bounded, and memory sent to another thread is not missed', () => {
  const memory = new BodyMemory(2 ** 20);
  const bodies = Array.from({ length: 9 }, () => memory.take(2 ** 18));
  for (const body of bodies.slice(1)) memory.give(body);
  expect(memory.spareBytes).toBe(2 ** 20);
  structuredClone(bodies[0]!, { transfer: [bodies[0]!.buffer as ArrayBuffer] });
  memory.take(2 ** 18);
  memory.give(bodies[0]!);
  expect(memory.spareBytes).toBe(2 ** 20 - 2 ** 18);
});
